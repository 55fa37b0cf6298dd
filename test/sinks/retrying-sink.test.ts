import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BackupError,
  isBackupError,
  retryingSink,
  type ImageSink,
  type RetryingSinkOptions,
} from 'gateway-backup';
import { recordingContext, testImage } from '../support/ftp-image.js';

const image = testImage(10);
const lost = (message = 'lost') =>
  new BackupError('SINK_FAILED', message, { stage: 'store', reason: 'connection-lost', retryable: true });
const refused = () =>
  new BackupError('SINK_REJECTED', 'refused', { stage: 'store', reason: 'login-refused' });

/** A sink whose calls fail with the given errors, one after another, and then work. */
function failing(...errors: readonly Error[]): ImageSink & { calls: number } {
  const sink = {
    name: 'failing',
    stagingDirectory: '/staging',
    stagedOnFailure: 'discard' as const,
    calls: 0,
    prepare: () => step(),
    store: () => step().then(() => ({ path: 'there' })),
  };
  function step(): Promise<void> {
    const error = errors[sink.calls++];
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  }
  return sink;
}

function withWaits(options: RetryingSinkOptions = {}): { waits: number[]; options: RetryingSinkOptions } {
  const waits: number[] = [];
  return {
    waits,
    options: { wait: (ms) => Promise.resolve(void waits.push(ms)), random: () => 0.5, ...options },
  };
}

test('name, staging folder and what becomes of the staged image are those of the sink inside', () => {
  const sink = retryingSink(failing());
  assert.equal(sink.name, 'failing');
  assert.equal(sink.stagingDirectory, '/staging');
  assert.equal(sink.stagedOnFailure, 'discard');
});

test('a retryable failure is tried again, with growing pauses, until it works', async () => {
  const inner = failing(lost(), lost());
  const { waits, options } = withWaits();
  assert.deepEqual(await retryingSink(inner, options).store(image, recordingContext()), { path: 'there' });
  assert.equal(inner.calls, 3);
  assert.deepEqual(waits, [1000, 2000]);
});

test('pauses lie within half above and half below', async () => {
  for (const [random, expected] of [
    [0, [500, 1000]],
    [0.999, [1499, 2998]],
  ] as const) {
    const { waits, options } = withWaits({ random: () => random });
    await retryingSink(failing(lost(), lost()), options).store(image, recordingContext());
    assert.deepEqual(waits, expected);
  }
});

test('prepare is tried again too, and may be missing', async () => {
  const inner = failing(lost());
  await retryingSink(inner, withWaits().options).prepare?.('name', recordingContext());
  assert.equal(inner.calls, 2);
  const bare: ImageSink = { name: 'bare', store: () => Promise.resolve({ path: '' }) };
  await retryingSink(bare).prepare?.('name', recordingContext());
});

test('a refusal is not tried again and stays the very same error', async () => {
  const error = refused();
  const inner = failing(error);
  await assert.rejects(
    retryingSink(inner, withWaits().options).store(image, recordingContext()),
    (e) => e === error,
  );
  assert.equal(inner.calls, 1);
});

test('an error of unknown kind is not tried again', async () => {
  const inner = failing(new Error('defect'));
  await assert.rejects(
    retryingSink(inner, withWaits().options).store(image, recordingContext()),
    /^Error: defect$/,
  );
  assert.equal(inner.calls, 1);
});

test('after the last try the first reason stays, with the last words', async () => {
  const inner = failing(lost('first'), lost('second'), lost('third'), lost());
  await assert.rejects(retryingSink(inner, withWaits().options).store(image, recordingContext()), (error) => {
    assert.ok(isBackupError(error));
    assert.equal(error.reason, 'connection-lost');
    assert.equal(error.message, 'first (3 tries; finally: third)');
    assert.equal(error.retryable, true);
    return true;
  });
  assert.equal(inner.calls, 3);
});

test('a refusal after a failure ends the tries and is named', async () => {
  const inner = failing(lost('first'), refused());
  await assert.rejects(retryingSink(inner, withWaits().options).store(image, recordingContext()), (error) => {
    assert.ok(isBackupError(error));
    assert.match(error.message, /^first \(2 tries; finally: refused\)$/);
    return true;
  });
  assert.equal(inner.calls, 2);
});

test('cancelling ends the pause at once and leaves no listener', { timeout: 10_000 }, async () => {
  const inner = failing(lost());
  const context = recordingContext();
  const storing = retryingSink(inner, { delayMs: 3_600_000 }).store(image, context);
  setImmediate(() => {
    context.controller.abort(new Error('enough'));
  });
  await assert.rejects(storing, (error) => {
    assert.ok(isBackupError(error));
    assert.equal(error.code, 'CANCELLED');
    assert.equal((error.cause as Error).message, 'enough');
    return true;
  });
  assert.equal(context.listeners(), 0);
  assert.equal(inner.calls, 1);
});

test('an aborted signal means that the sink is not called', async () => {
  const inner = failing();
  const context = recordingContext();
  context.controller.abort();
  await assert.rejects(retryingSink(inner).store(image, context), { code: 'CANCELLED' });
  assert.equal(inner.calls, 0);
});

test('a cancellation inside the sink is passed on as it is', async () => {
  const error = new BackupError('CANCELLED', 'cancelled', { stage: 'store' });
  await assert.rejects(
    retryingSink(failing(lost(), error), withWaits().options).store(image, recordingContext()),
    (e) => e === error,
  );
});
