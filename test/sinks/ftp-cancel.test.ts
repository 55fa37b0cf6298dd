import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBackupError, retryingSink } from 'gateway-backup';
import { assertClean, assertNoSecret } from '../support/ftp-failure.js';
import { recordingContext, testImage } from '../support/ftp-image.js';
import { startFtpStage } from '../support/ftp-stage.js';
import type { FtpScript } from '../support/scripted-ftp-server.js';
import { seededRandom } from '../support/seeded-random.js';
import { rounds, testSeed } from '../support/soak.js';

const image = testImage(3_000_017);
const { server, sink } = await startFtpStage(image);

/** Cancels when told to, and holds what must be true afterwards. Resolves to the milliseconds it took to end. */
async function cancelled(script: (cancel: () => void) => FtpScript): Promise<number> {
  const context = recordingContext();
  const reason = new Error('enough');
  let cancelledAt = 0;
  server.script = script(() => {
    cancelledAt ||= performance.now();
    context.controller.abort(reason);
  });
  const error: unknown = await retryingSink(sink())
    .store(image, context)
    .catch((failure: unknown) => failure);
  const ms = performance.now() - cancelledAt;
  assert.ok(isBackupError(error));
  assert.equal(error.code, 'CANCELLED');
  assert.equal(error.cause, reason);
  assert.ok(ms < 1000, `took ${ms} ms`);
  assertClean(context, image);
  assertNoSecret(context, error);
  for (const path of server.files.keys()) {
    assert.ok(
      context.warnings.some((warning) => warning.includes(path.slice('/home/'.length))),
      `${path} left in silence`,
    );
  }
  return ms;
}

test('an aborted signal means that nothing is contacted', async () => {
  const context = recordingContext();
  context.controller.abort();
  const before = server.connections;
  await assert.rejects(sink().store(image, context), { code: 'CANCELLED' });
  await assert.rejects(sink().prepare(image.name, context), { code: 'CANCELLED' });
  assert.equal(server.connections, before);
});

for (const verb of ['greeting', 'USER', 'PASS', 'TYPE', 'SIZE', 'EPSV', 'STOR', 'RNFR', 'RNTO']) {
  test(`cancelling while ${verb} is unanswered ends within a second`, { timeout: 10_000 }, async () => {
    await cancelled((cancel) => ({
      [verb]: () => {
        server.script = {};
        cancel();
      },
    }));
    assert.deepEqual([...server.files.keys()], []);
  });
}

test(
  'cancelling a server that never answers again still ends within a second',
  { timeout: 10_000 },
  async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await cancelled((cancel) => ({
      data: async (session) => {
        server.script = { greeting: () => undefined };
        session.control.pause();
        cancel();
        await released;
        session.control.resume();
      },
    }));
    release();
    // What is still on its way must not turn up in the next test.
    assert.equal(await server.openSockets(), 0);
  },
);

test('cancelling prepare ends it and leaves no listener', async () => {
  const context = recordingContext();
  server.script = {
    USER: () => {
      context.controller.abort();
    },
  };
  await assert.rejects(sink().prepare(image.name, context), { code: 'CANCELLED' });
  assertClean(context);
});

test(
  'cancelling at random moments ends within a second and removes the partial file, or names it',
  { timeout: 60_000 },
  async () => {
    const random = seededRandom(testSeed('ftp cancel'));
    const inAll = rounds(50, 500);
    let slowest = 0;
    let left = 0;
    for (let round = 0; round < inAll; round++) {
      server.files.clear();
      const offset = random() * image.bytes;
      slowest = Math.max(
        slowest,
        await cancelled((cancel) => ({
          data: (_session, bytes) => {
            if (Number(bytes) >= offset) cancel();
          },
        })),
      );
      left += server.files.size;
    }
    console.log(`${inAll} cancelled: slowest ${slowest.toFixed(0)} ms, ${left} partial files left`);
    assert.ok(left <= inAll / 10);
  },
);

test('no socket is left open to the server', async () => {
  assert.equal(await server.openSockets(), 0);
});
