import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  BackupError,
  defaultCollectors,
  GatewayBackup,
  isBackupError,
  runBackup,
  verifyImage,
  type BackupErrorCode,
  type BackupReport,
  type CollectorContext,
  type ComponentCollector,
  type ImageEntry,
  type ImageSink,
} from 'gateway-backup';
import { failingCollector, MemorySink, scriptedCollector } from 'gateway-backup/testing';
import { assertNothingLeft, takeStock } from '../support/leak-check.js';
import { imagePaths } from '../support/read-image.js';
import { WatchedNode } from './watched-node.js';

// Collectors, sinks and observers that somebody else wrote, badly, in a whole run with our own.

const own = ['version', 'backup.json', 'manifest.log'];
const config = ['node.properties', 'omp.dat', 'ssglog.properties', 'system.properties'].map(
  (name) => `config/${name}`,
);

describe('a run with parts that were brought', () => {
  let node: WatchedNode;
  before(async () => {
    node = await WatchedNode.start({ database: false });
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
  });
  beforeEach(() => node.clear());

  const collector = (collect: ComponentCollector['collect']): ComponentCollector => ({
    component: 'own',
    applicability: () => ({ applies: true }),
    collect,
  });

  async function run(
    brought: ComponentCollector,
    more: { signal?: AbortSignal; sink?: ImageSink; onEvent?: () => void } = {},
  ): Promise<BackupReport> {
    const held = takeStock();
    try {
      return await runBackup(
        { image: node.image, config: true, components: [brought.component] },
        { ...node.host, collectors: [...defaultCollectors(), brought], ...more },
      );
    } finally {
      await assertNothingLeft(held, { signals: more.signal === undefined ? [] : [more.signal] });
      assert.deepEqual(await readdir(node.work), []);
    }
  }

  /** The run is partial, because the brought component failed, and nothing of that is in the image. */
  async function assertFails(brought: ComponentCollector, reason: RegExp): Promise<void> {
    const report = await run(brought);
    assert.equal(report.status, 'partial');
    const failed = report.components.find(({ status }) => status === 'failed')!;
    assert.equal(failed.component, brought.component);
    assert.match(failed.reason!, reason);
    const { path } = report.image;
    const { valid, faults } = await verifyImage(path);
    assert.ok(valid, JSON.stringify(faults));
    assert.deepEqual((await imagePaths(path)).sort(), [...config, ...own].sort());
    await node.check(undefined);
  }

  for (const path of [
    '../x',
    'a/../../x',
    '/etc/passwd',
    'a//b',
    './a',
    'a/.',
    'a\\b',
    'C:/x',
    'a\0b',
    'a\nb',
    '',
    '\ud800',
    'x'.repeat(70_000),
  ]) {
    const shown = JSON.stringify(path.slice(0, 20));
    test(`a collector that gives the path ${shown} fails, with all its entries`, async () => {
      const brought = scriptedCollector('own', [
        { entry: 'good.txt', content: 'good' },
        { entry: path, content: 'bad' },
      ]);
      await assertFails(brought, /cannot put .* into the image/);
    });
  }

  test('a collector that gives a path twice fails', async () => {
    const entry = { entry: 'a.txt', content: 'a' };
    await assertFails(scriptedCollector('own', [entry, entry]), /has an entry of this name/);
  });

  test('a collector that gives a file and a folder of the same name fails', async () => {
    const steps = [
      { entry: 'a', content: 'a' },
      { entry: 'a/b', content: 'b' },
    ];
    await assertFails(scriptedCollector('own', steps), /is a file in this image/);
  });

  for (const name of ['version', 'backup.json', 'manifest.log', 'config/node.properties', 'manifest.log/x']) {
    test(`a collector that puts ${name} at the top of the image fails, and what is there stays`, async () => {
      const brought = collector(async function* () {
        await Promise.resolve();
        yield { path: name, placement: 'image', open: () => Readable.from([Buffer.from('forged')]) };
      });
      await assertFails(brought, /reserved|has an entry of this name/);
    });
  }

  test('a collector that throws between two entries, or inside one, fails', async () => {
    await assertFails(failingCollector('own', { afterEntries: 3 }), /made to fail/);
    await node.clear();
    await assertFails(failingCollector('own', { afterEntries: 3, insideEntry: true }), /made to fail/);
  });

  for (const [what, thrown, reason] of [
    ['a string', 'just a text', /just a text/],
    ['undefined', undefined, /undefined/],
    ['null', null, /null/],
    ['an object', { code: 'ENOSPC' }, /./],
    ['an error with an empty message', new Error(''), /./],
  ] as const) {
    test(`a collector that throws ${what} fails`, async () => {
      const brought = collector(async function* (): AsyncGenerator<ImageEntry> {
        await Promise.resolve();
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what outsiders do
        throw thrown;
      });
      await assertFails(brought, reason);
    });
  }

  test('a collector whose entry cannot be opened, or gives what are no bytes, fails', async () => {
    const broken: readonly ImageEntry['open'][] = [
      () => {
        throw new Error('will not open');
      },
      () => Promise.reject(new Error('will not open')),
      () => 42 as unknown as Readable,
      () => Readable.from([{ not: 'bytes' }]),
    ];
    for (const open of broken) {
      const brought = collector(async function* () {
        await Promise.resolve();
        yield { path: 'a', open };
      });
      await assertFails(brought, /./);
      await node.clear();
    }
  });

  test('a collector that is no iterable fails, and so does one that yields what is no entry', async () => {
    for (const given of [undefined, 5, [], {}]) {
      await assertFails(
        collector(() => given as unknown as AsyncIterable<ImageEntry>),
        /collect has to give an async iterable/,
      );
      await node.clear();
    }
    for (const [entry, says] of [
      [undefined, /has to have a path/],
      [{ open: () => undefined }, /has to have a path/],
      [{ path: 'a.txt' }, /entry a\.txt has to have a function open/],
      [{ path: 'a.txt', open: () => 'text' }, /content of a\.txt has to be a stream/],
    ] as const) {
      const brought = collector(async function* () {
        await Promise.resolve();
        yield entry as unknown as ImageEntry;
      });
      await assertFails(brought, says);
      await node.clear();
    }
  });

  test('a collector that annotates what JSON cannot carry fails, and no other', async () => {
    const brought = collector(async function* ({ annotate }) {
      await Promise.resolve();
      annotate({ rows: 1n as unknown as number });
      yield { path: 'a', open: () => Readable.from([Buffer.from('a')]) };
    });
    await assertFails(brought, /its annotations cannot be written as JSON/);
  });

  test('an error that is no BackupError gets a code all the same', async () => {
    const report = await run(failingCollector('own', { error: new Error('plain') }));
    const { code } = report.components.find(({ component }) => component === 'own')!;
    assert.equal(code, 'COMPONENT_FAILED');
    await node.check(undefined);
  });

  test('a collector whose estimate throws or is no number of bytes is collected all the same', async () => {
    const estimates = [
      () => Promise.resolve(NaN),
      () => Promise.resolve(-1),
      () => Promise.resolve(Infinity),
      () => Promise.resolve('much' as unknown as number),
      () => Promise.resolve('12' as unknown as number),
      () => Promise.resolve(12n as unknown as number),
      () => Promise.reject(new Error('no idea')),
      () => {
        throw new Error('no idea');
      },
    ];
    for (const estimate of estimates) {
      const brought = { ...scriptedCollector('own', [{ entry: 'a', content: 'a' }]), estimate };
      assert.equal((await run(brought)).status, 'success');
      await node.clear();
      const backup = new GatewayBackup({ ...node.host, collectors: [brought] });
      const { components } = await backup.plan({ image: 'a.zip', components: ['own'] });
      assert.equal(components[0]!.estimatedBytes, undefined);
    }
  });

  test('a collector that is tried again says what it says once', async () => {
    let attempt = 0;
    const brought = collector(async function* ({ warn }) {
      attempt += 1;
      warn('the label is missing');
      await Promise.resolve();
      if (attempt === 1)
        throw new BackupError('SOURCE_UNREADABLE', 'not now', { stage: 'collect', retryable: true });
      yield { path: 'a', open: () => Readable.from([Buffer.from('a')]) };
    });
    const report = await run(brought);
    assert.equal(report.status, 'success');
    assert.deepEqual(report.warnings, ['own: the label is missing']);
    await node.check(undefined);
  });

  test('a collector that cannot tell whether it applies is named, and nothing was touched', async () => {
    const answers = [
      () => {
        throw new Error('a defect of the collector');
      },
      () => undefined,
      () => ({ applies: false }),
    ];
    for (const applicability of answers) {
      const brought = { ...scriptedCollector('own', []), applicability } as unknown as ComponentCollector;
      await assert.rejects(run(brought), {
        code: 'COMPONENT_FAILED',
        stage: 'plan',
        component: 'own',
        report: undefined,
      });
    }
    await node.check(undefined);
  });

  test('a collector that gives nothing is a success without entries', async () => {
    const report = await run(scriptedCollector('own', []));
    assert.equal(report.status, 'success');
    const { status, entries } = report.components.find(({ component }) => component === 'own')!;
    assert.deepEqual([status, entries], ['collected', 0]);
    await node.check(undefined);
  });

  for (const [what, collect] of [
    [
      'waits for ever and heeds the signal',
      (context: CollectorContext) => scriptedCollector('own', [{ hang: true }]).collect(context),
    ],
    [
      'never ends and ignores the signal',
      async function* (): AsyncGenerator<ImageEntry> {
        await new Promise(() => undefined);
        yield { path: 'never', open: () => undefined };
      },
    ],
    [
      'gives entry after entry without end',
      async function* (): AsyncGenerator<ImageEntry> {
        for (let index = 0; ; index += 1) {
          await Promise.resolve();
          yield { path: `${index}.txt`, open: () => Readable.from([Buffer.from('x')]) };
        }
      },
    ],
    [
      'has an entry without end',
      async function* (): AsyncGenerator<ImageEntry> {
        await Promise.resolve();
        yield { path: 'a', open: endless };
      },
    ],
    [
      'has an entry that never gives a byte',
      async function* (): AsyncGenerator<ImageEntry> {
        await Promise.resolve();
        yield { path: 'a', open: () => new Readable({ read: () => undefined }) };
      },
    ],
    [
      'has an entry that never opens',
      async function* (): AsyncGenerator<ImageEntry> {
        await Promise.resolve();
        yield { path: 'a', open: () => new Promise<never>(() => undefined) };
      },
    ],
  ] as const) {
    test(`a collector that ${what} is left when the run is cancelled`, async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      let abortedAt = 0;
      setTimeout(() => {
        abortedAt = Date.now();
        controller.abort(reason);
      }, 150);
      await assert.rejects(
        run(collector(collect as ComponentCollector['collect']), { signal: controller.signal }),
        (error) => {
          assert.ok(isBackupError(error));
          assert.equal(error.code, 'CANCELLED');
          assert.equal(error.cause, reason);
          return true;
        },
      );
      assert.ok(Date.now() - abortedAt < 3000, `took ${Date.now() - abortedAt} ms`);
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
      assert.deepEqual(await readdir(node.folder), []);
      await node.check(undefined);
    });
  }

  test('two collectors of one component are refused before anything is touched', async () => {
    await assert.rejects(run(scriptedCollector('config', [])), {
      code: 'INVALID_OPTIONS',
      reason: 'duplicate-collector',
    });
    await node.check(undefined);
  });

  for (const name of ['Own', 'a/b', '..', '', 'own component', 'version\n']) {
    test(`a component that is named ${JSON.stringify(name)} is refused or fails, and no entry gets there`, async () => {
      const brought = scriptedCollector(name, [{ entry: 'a', content: 'a' }]);
      const report = await run(brought).catch((error: unknown) => {
        assert.ok(isBackupError(error), String(error));
        assert.equal(error.code, 'INVALID_OPTIONS');
      });
      if (report) assert.equal(report.status, 'partial');
      await node.check(undefined);
    });
  }

  test('an observer that throws at every event costs nothing', async () => {
    const report = await run(scriptedCollector('own', [{ entry: 'a', content: 'a' }]), {
      onEvent: () => {
        throw new Error('a broken bar');
      },
    });
    assert.equal(report.status, 'success');
    await node.check(undefined);
  });

  describe('with a sink of its own', () => {
    const brought = scriptedCollector('own', [{ entry: 'a', content: 'a' }]);

    function sink(store: ImageSink['store'], more: Partial<ImageSink> = {}): ImageSink {
      return { name: 'test', store, ...more };
    }

    async function runInto(target: ImageSink): Promise<BackupReport> {
      const held = takeStock();
      try {
        return await runBackup(
          { image: 'node1.zip', config: true, components: ['own'] },
          { ...node.host, collectors: [...defaultCollectors(), brought], sink: target },
        );
      } finally {
        await assertNothingLeft(held);
      }
    }

    const failure = (code: BackupErrorCode, retryable: boolean): BackupError =>
      new BackupError(code, 'the sink says no', {
        stage: 'store',
        retryable,
        reason: 'test',
        hint: 'its own hint',
      });

    for (const retryable of [false, true]) {
      test(`one that fails for good, ${retryable ? '' : 'not '}retryable: the image is kept, and the error says where`, async () => {
        const error = await runInto(
          sink(() => Promise.reject(failure(retryable ? 'SINK_FAILED' : 'SINK_REJECTED', retryable))),
        ).then(
          () => assert.fail('it failed'),
          (reason: unknown) => reason,
        );
        assert.ok(isBackupError(error));
        assert.deepEqual(
          [error.code, error.reason, error.retryable],
          [retryable ? 'SINK_FAILED' : 'SINK_REJECTED', 'test', retryable],
        );
        const [name, ...rest] = await readdir(node.work);
        assert.deepEqual(rest, []);
        const kept = join(node.work, name!);
        assert.ok(error.message.includes(kept) && error.hint?.includes(kept), error.message);
        assert.equal(error.report!.status, 'failed');
        await node.check(undefined, { kept: 1 });
      });
    }

    test('one that breaks off in mid-reading leaves no stream open', async () => {
      const error: unknown = await runInto(
        sink(async (image) => {
          for await (const chunk of image.open()) {
            assert.ok((chunk as Buffer).length > 0);
            throw new Error('a defect of the sink');
          }
          return { path: '' };
        }),
      ).catch((reason: unknown) => reason);
      assert.ok(isBackupError(error));
      assert.equal(error.code, 'SINK_FAILED');
      assert.match(error.message, /^The sink "test" failed: a defect of the sink\. The image was kept: /);
      await node.check(undefined, { kept: 1 });
    });

    test('one that does not say where the image is has failed, and the image is kept', async () => {
      for (const answer of [undefined, null, {}, { path: '' }, { path: 7 }]) {
        const target = sink(() => answer as never);
        await assert.rejects(runInto(target), {
          code: 'SINK_FAILED',
          message: /The sink "test" failed: .*\{ path \}/,
        });
        await node.check(undefined, { kept: 1 });
        await node.clear();
      }
    });

    test('one that throws in its preparation, whatever it throws, is named before anything is collected', async () => {
      for (const prepare of [
        () => Promise.reject(new Error('no shelf')),
        () => {
          throw new Error('no shelf');
        },
      ]) {
        const target = sink(() => assert.fail('not asked'), { prepare });
        await assert.rejects(runInto(target), {
          code: 'SINK_FAILED',
          message: 'The sink "test" failed: no shelf',
        });
        await node.check(undefined);
      }
    });

    test('one that wants nothing kept has nothing kept', async () => {
      const discarding = sink(() => Promise.reject(failure('SINK_FAILED', false)), {
        stagedOnFailure: 'discard',
      });
      await assert.rejects(runInto(discarding), { code: 'SINK_FAILED', hint: 'its own hint' });
      await node.check(undefined);
    });

    test('one that refuses in its preparation is asked before anything is collected', async () => {
      const target = new MemorySink({ refusal: failure('SINK_UNAVAILABLE', true) });
      await assert.rejects(runInto(target), { code: 'SINK_UNAVAILABLE' });
      assert.equal(target.storeCalls, 0);
      await node.check(undefined);
    });

    test('one that never answers is left when the run is cancelled', async () => {
      const controller = new AbortController();
      const target = sink(() => {
        setTimeout(() => {
          controller.abort();
        }, 50);
        return new Promise(() => undefined);
      });
      await assert.rejects(
        runBackup(
          { image: 'node1.zip', config: true },
          { ...node.host, sink: target, signal: controller.signal },
        ),
        { code: 'CANCELLED' },
      );
      await node.check(undefined);
    });

    test('one that stores is given the very bytes that were staged', async () => {
      const target = new MemorySink();
      const report = await runInto(target);
      const content = target.images.get(report.image!.path)!;
      assert.equal(content.length, report.image!.bytes);
      await node.check(undefined);
    });
  });
});

function endless(): Readable {
  return new Readable({
    read() {
      this.push(Buffer.alloc(65_536, 'x'));
    },
  });
}
