import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { inflateRawSync } from 'node:zlib';
import { fileTree } from '#dist/collectors/file-tree.js';
import { SourceReader } from '#dist/collectors/source-reader.js';
import { SourceNotes } from '#dist/collectors/source-notes.js';
import { SourceRoot } from '#dist/collectors/source-root.js';
import { isWholeImageEntry, type ImageEntry } from '#dist/image/image-entry.js';
import { rounds } from '../support/soak.js';
import {
  contentOf,
  makeFiles,
  makeImage,
  makeMachine,
  openDescriptors,
  readImages,
  recordingContext,
  type Machine,
} from './collecting.js';
import type { RestlessFiles } from './restless-files.js';

async function makeRestless(what: RestlessFiles): Promise<() => Promise<void>> {
  const worker = new Worker(new URL('./restless-files.js', import.meta.url), { workerData: what });
  const stop = async (): Promise<void> => {
    const exited = once(worker, 'exit');
    worker.postMessage('stop');
    await exited;
  };
  await once(worker, 'message');
  return stop;
}

function threeFiles(test: TestContext): {
  readonly machine: Machine;
  readonly folder: string;
  readonly file: string;
} {
  const machine = makeMachine(test);
  const folder = join(machine.gatewayRoot, 'd');
  return { machine, folder, file: join(folder, 'b') };
}

const changes: Readonly<Record<string, (file: string) => void>> = {
  grows: (file) => {
    appendFileSync(file, Buffer.alloc(1_000_000, 'g'));
  },
  shrinks: (file) => {
    truncateSync(file, 10);
  },
  'is replaced': (file) => {
    writeFileSync(`${file}.new`, 'replaced');
    renameSync(`${file}.new`, file);
  },
  'is deleted': (file) => {
    rmSync(file);
  },
};

describe('a file that changes', { timeout: 120_000 }, () => {
  for (const [change, apply] of Object.entries(changes)) {
    for (const bytes of [5000, 1_500_000]) {
      it(`(${bytes} bytes) and ${change} after the listing is taken as it is now, or left out with a warning`, async (test) => {
        const { machine, folder, file } = threeFiles(test);
        const images: string[] = [];
        for (let round = 0; round < rounds(20, 200); round++) {
          const context = recordingContext(machine);
          makeFiles(folder, { a: 'before', b: Buffer.alloc(bytes, 'b'), c: 'after' });
          const entries: ImageEntry[] = [];
          for await (const entry of context.files(folder)) entries.push(entry);
          apply(file);
          images.push((await makeImage(machine.hostRoot, entries)).file);
          const isGone = change === 'is deleted';
          assert.deepEqual(context.annotations, isGone ? { vanishedFiles: [file] } : {});
          const warning = `${file} was left out: it vanished while the backup ran.`;
          assert.deepEqual(context.warnings, isGone ? [warning] : []);
        }
        const expected = change === 'is deleted' ? undefined : readFileSync(file);
        for (const { a, b, c, ...others } of readImages(images)) {
          assert.deepEqual([String(a), String(c), others], ['before', 'after', {}]);
          assert.ok(expected === undefined ? b === undefined : b?.equals(expected), `${b?.length} bytes`);
        }
      });
    }

    it(`and ${change} while it is read is in the image as read; a mixture is noted`, async (test) => {
      const { machine, folder, file } = threeFiles(test);
      const before = openDescriptors();
      const images: string[] = [];
      const isMixture = change === 'grows' || change === 'shrinks';
      for (let round = 0; round < rounds(20, 200); round++) {
        const context = recordingContext(machine);
        makeFiles(folder, { a: 'before', b: Buffer.alloc(1_500_000, 'b'), c: 'after' });
        // Well in the past, whatever the clock's ticks are.
        utimesSync(file, 1e9, 1e9);
        const entries: ImageEntry[] = [];
        for await (const entry of context.files(folder)) {
          entries.push(entry.path === 'b' ? interrupted(entry, apply, file) : entry);
        }
        images.push((await makeImage(machine.hostRoot, entries)).file);
        assert.deepEqual(context.annotations, isMixture ? { changedFiles: [file] } : {});
        assert.equal(context.warnings.length, isMixture ? 1 : 0);
      }
      assert.equal(openDescriptors(), before);
      const expected = change === 'shrinks' ? 1024 * 1024 : 1_500_000;
      for (const { a, b, c, ...others } of readImages(images)) {
        assert.deepEqual([String(a), String(c), others], ['before', 'after', {}]);
        assert.ok(b?.equals(Buffer.alloc(expected, 'b')), `${b?.length} bytes`);
      }
    });
  }

  it('all the time is read again, and taken with a warning if that does not help', async (test) => {
    const machine = makeMachine(test, { 'SSG/d/file': Buffer.alloc(400_000, 1) });
    const file = join(machine.gatewayRoot, 'd/file');
    const stop = await makeRestless({ rewrite: file, bytes: 400_000 });
    let mixed = 0;
    let noted = 0;
    try {
      for (let round = 0; round < rounds(40, 2000); round++) {
        const context = recordingContext(machine, { retryDelaysMs: [1, 2, 3] });
        const entry = (await context.file(file, 'file'))!;
        const content = (await contentOf(entry))!;
        const isMixture = content.some((byte) => byte !== content[0]);
        const isNoted = context.warnings.length > 0;
        if (isMixture) mixed += 1;
        if (isNoted) noted += 1;
        assert.deepEqual(context.annotations, isNoted ? { changedFiles: [file] } : {});
        // Nobody can tell a mixture from a file whose writer rests in the middle of it.
        const wasAtRest = Date.now() - entry.modifiedAt!.getTime() >= 20;
        assert.ok(isNoted || !isMixture || wasAtRest, 'a mixture that nobody noticed');
      }
    } finally {
      await stop();
    }
    assert.ok(mixed > 0 && noted > 0, `${mixed} mixtures, ${noted} noted: the race did not happen`);
    test.diagnostic(`${mixed} mixtures, ${noted} files noted`);
  });

  it('for a moment is read again until it is at rest, without a warning', async (test) => {
    const machine = makeMachine(test);
    const file = join(machine.gatewayRoot, 'file');
    writeFileSync(file, 'first');
    const context = recordingContext(machine);
    // Just written, so that a second write within the same tick of the clock would not show.
    const content = contentOf((await context.file(file, 'file'))!);
    writeFileSync(file, 'second');
    assert.equal((await content)!.toString(), 'second');
    assert.deepEqual(context.warnings, []);
  });

  it('is not waited for once the signal is aborted', async (test) => {
    const machine = makeMachine(test, { 'SSG/file': 'x' });
    const abort = new AbortController();
    const context = recordingContext(machine, { signal: abort.signal, retryDelaysMs: [100_000] });
    const file = join(machine.gatewayRoot, 'file');
    // In the future, which is as young as can be for long enough.
    utimesSync(file, Date.now() / 1000, Date.now() / 1000);
    const content = contentOf((await context.file(file, 'file'))!);
    abort.abort('enough');
    await assert.rejects(content, { code: 'CANCELLED', cause: 'enough' });
  });
});

describe('a folder that is replaced by a link during the walk', { timeout: 120_000 }, () => {
  const ways = {
    'asking for the path of what is open': undefined,
    'by identity, as on systems without that': null,
  };
  for (const [way, descriptors] of Object.entries(ways)) {
    it(`never yields a byte from outside (${way})`, async (test) => {
      const machine = makeMachine(test, {
        'SSG/d/sub/x': 'inside',
        'SSG/d/sub/deep/y': 'inside',
        'outside/x': 'OUTSIDE',
        'outside/deep/y': 'OUTSIDE',
        'outside/secret-name': 'OUTSIDE',
      });
      const folder = join(machine.gatewayRoot, 'd');
      const before = openDescriptors();
      const stop = await makeRestless({
        swap: join(folder, 'sub'),
        target: join(machine.hostRoot, 'outside'),
      });
      await using reader = new SourceReader({ level: 0, filesBeforeThreads: 0, maxThreads: 1 });
      await reader.start();
      let inside = 0;
      let noted = 0;
      let byThread = 0;
      try {
        for (let attempt = 0; attempt < rounds(1000, 20_000); attempt++) {
          const notes = new SourceNotes({ warn: () => (noted += 1), annotate: () => undefined });
          const root = new SourceRoot(machine.gatewayRoot, descriptors);
          const context = { root, notes, signal: new AbortController().signal, retryDelaysMs: [], reader };
          for await (const entry of fileTree(folder, {}, context)) {
            assert.doesNotMatch(entry.path, /secret-name/);
            assert.ok(isWholeImageEntry(entry));
            const prepared = attempt % 3 === 0 ? await entry.prepare?.({ level: 0 }) : undefined;
            if (prepared !== undefined) {
              assert.equal(inflateRawSync(Buffer.concat(prepared.pieces)).toString(), 'inside');
              byThread += 1;
            }
            const content = await contentOf(entry, attempt % 2 === 0 ? 'whole' : 'stream');
            if (content === undefined) continue;
            assert.equal(content.toString(), 'inside');
            inside += 1;
          }
        }
      } finally {
        await stop();
      }
      // The thread itself closes what it had open a little later.
      assert.ok(openDescriptors() <= before + 4, `${openDescriptors()} descriptors, ${before} before`);
      assert.ok(
        inside > 0 && noted > 0 && byThread > 0,
        `${inside} files read, ${byThread} by the thread, ${noted} notes: the race did not happen`,
      );
      test.diagnostic(`${inside} files read inside, ${byThread} also by a thread, ${noted} left out`);
    });
  }
});

/** The entry, with something happening to its file after the first chunk was read. */
function interrupted(entry: ImageEntry, apply: (file: string) => void, file: string): ImageEntry {
  return {
    ...entry,
    async open() {
      const content = (await entry.open())!;
      return (async function* () {
        let isFirst = true;
        for await (const chunk of content) {
          yield chunk as Uint8Array;
          if (isFirst) apply(file);
          isFirst = false;
        }
      })();
    },
  };
}
