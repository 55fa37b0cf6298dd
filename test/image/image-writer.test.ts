import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, beforeEach, describe, it } from 'node:test';
import { blockPool } from '#dist/image/block-pool.js';
import { bytesEntry, ImageWriter, isBackupError, type ImageEntry } from 'gateway-backup';
import { assertNothingLeft, takeStock } from '../support/leak-check.js';
import { imageContents, imagePaths } from '../support/read-image.js';
import { chunked, noise, sampleTime } from '../support/sample-image.js';

const limit = { timeout: 120_000 };
let folder: string;
let path: string;
let number = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-writer-'));
});
after(async () => {
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  path = join(folder, `${number++}.zip`);
});

describe('an image writer', limit, () => {
  it('writes small and large entries, and says what it wrote', async () => {
    const writer = await ImageWriter.create(path, { startedAt: sampleTime });
    const large = Buffer.concat([noise(1_500_000), Buffer.from('text '.repeat(400_000))]);
    const small = await writer.add('config', bytesEntry('node.properties', 'a=b\n', { mode: 0o4640 }));
    const record = await writer.add('maindb', {
      path: 'main_backup.sql',
      open: () => chunked(large, 70_000),
    });
    assert.deepEqual(record, {
      path: 'maindb/main_backup.sql',
      component: 'maindb',
      bytes: large.length,
      compressedBytes: record!.compressedBytes,
      crc32: record!.crc32,
      sha256: createHash('sha256').update(large).digest('hex'),
      mode: 0o600,
      owner: undefined,
      modifiedAt: sampleTime,
      originalName: undefined,
    });
    assert.ok(record.compressedBytes > 1_500_000 && record.compressedBytes < 1_600_000);
    assert.equal(small!.mode, 0o4640);
    const top = await writer.add('maindb', bytesEntry('id.txt', 'x', { placement: 'image' }));
    assert.equal(top!.path, 'id.txt');
    assert.equal(top!.component, 'maindb');
    const summary = await writer.finish();
    const file = await readFile(path);
    assert.equal(summary.bytes, file.length);
    assert.equal(summary.sha256, createHash('sha256').update(file).digest('hex'));
    assert.equal(summary.entries, 4);
    const contents = await imageContents(path);
    assert.deepEqual(contents.get('maindb/main_backup.sql'), large);
    assert.equal(
      contents.get('manifest.log')!.toString(),
      'config/node.properties\nmaindb/main_backup.sql\nid.txt\n',
    );
    assert.deepEqual([...contents.keys()].at(-1), 'manifest.log');
  });

  it('never makes a file that others can read, whatever the umask', async () => {
    for (const umask of [0o000, 0o077, 0o777]) {
      const previous = process.umask(umask);
      try {
        const writer = await ImageWriter.create(`${path}.${umask}`);
        assert.equal((await stat(writer.path)).mode & 0o777, 0o600);
        await writer.abort();
      } finally {
        process.umask(previous);
      }
    }
  });

  it('makes the same bytes of the same entries', async () => {
    const write = async (file: string): Promise<string> => {
      const writer = await ImageWriter.create(file, { startedAt: sampleTime });
      await writer.addAll('ext', [
        bytesEntry('a', 'a'.repeat(50_000)),
        { path: 'b', open: () => chunked(noise(3_000_000), 65_536) },
      ]);
      return (await writer.finish()).sha256;
    };
    assert.equal(await write(path), await write(`${path}.2`));
  });

  it('leaves an entry out whose source is gone', async () => {
    const writer = await ImageWriter.create(path);
    assert.equal(await writer.add('os', { path: 'gone', open: () => undefined }), undefined);
    assert.equal(await writer.add('os', { path: 'gone', open: () => Promise.resolve(undefined) }), undefined);
    await writer.add('os', bytesEntry('gone', 'here again'));
    await writer.finish();
    assert.deepEqual(await imagePaths(path), ['os/gone', 'manifest.log']);
  });

  it('tells its observer of every entry and of all bytes', async () => {
    const writer = await ImageWriter.create(path);
    const seen: string[] = [];
    let bytes = 0;
    const entries = [
      bytesEntry('a', '12345'),
      { path: 'b', open: () => chunked(noise(2_500_000), 100_000) },
      bytesEntry('c', ''),
    ];
    await writer.addAll('ext', entries, {
      onEntry: (record) => seen.push(record.path),
      onBytes: (more) => (bytes += more),
    });
    assert.deepEqual(seen, ['ext/a', 'ext/b', 'ext/c']);
    assert.equal(bytes, 2_500_005);
    await writer.abort();
  });

  it('takes everything back to a savepoint, as often as wanted, in the middle of everything', async () => {
    const write = async (file: string, rollbacks: boolean): Promise<string> => {
      const writer = await ImageWriter.create(file, { startedAt: sampleTime });
      await writer.add('config', bytesEntry('kept', noise(200_000)));
      if (rollbacks) {
        const savepoint = writer.savepoint();
        for (const bytes of [10, 5_000_000]) {
          await writer.add('maindb', bytesEntry('small', noise(10)));
          await writer.add('maindb', { path: 'large', open: () => chunked(noise(bytes), 65_536) });
          await writer.rollback(savepoint);
          assert.equal(writer.entries.length, 1);
          assert.equal(writer.bytes, savepoint.bytes);
        }
        await assert.rejects(writer.add('maindb', breaking(4_000_000)), /the source broke/);
        await writer.rollback(savepoint);
      }
      await writer.add('maindb', { path: 'large', open: () => chunked(noise(2_000_000), 65_536) });
      return (await writer.finish()).sha256;
    };
    const plain = await write(path, false);
    assert.equal(await write(`${path}.2`, true), plain);
  });

  it('a savepoint is good for its own image only', async () => {
    const writer = await ImageWriter.create(path);
    const other = await ImageWriter.create(`${path}.2`);
    await assert.rejects(writer.rollback(other.savepoint()), { code: 'INTERNAL', reason: 'misuse' });
    const early = writer.savepoint();
    await writer.add('ext', bytesEntry('a', 'a'));
    const late = writer.savepoint();
    await writer.rollback(early);
    await assert.rejects(writer.rollback(late), { code: 'INTERNAL' });
    await writer.abort();
    await other.abort();
  });

  it('refuses names that are not safe, taken or reserved, and stays usable', async () => {
    const writer = await ImageWriter.create(path);
    await writer.add('ext', bytesEntry('a/b', '1'));
    const bad = [
      ['ext', ''],
      ['ext', '/abs'],
      ['ext', 'a/../b'],
      ['ext', '..'],
      ['ext', './a'],
      ['ext', 'a//b'],
      ['ext', 'a/'],
      ['ext', 'a\\b'],
      ['ext', 'a\0b'],
      ['ext', 'a\nb'],
      ['ext', 'a\u0085b'],
      ['ext', 'x\ud800'],
      ['', 'C:x'],
      ['ext', 'x'.repeat(70_000)],
      ['Ext', 'a'],
      ['../x', 'a'],
      ['ext', 'a/b'],
      ['ext', 'a'],
      ['ext', 'a/b/c'],
      ['', 'version'],
      ['', 'backup.json'],
      ['', 'manifest.log'],
      ['version', 'a'],
      ['', 'version/x'],
    ] as const;
    for (const [component, name] of bad) {
      let opened = false;
      const entry: ImageEntry = { path: name, open: () => ((opened = true), chunked(noise(1), 1)) };
      await assert.rejects(
        writer.add(component, entry),
        { code: 'SOURCE_UNREADABLE', reason: 'entry-name' },
        name,
      );
      assert.equal(opened, false);
    }
    await assert.rejects(writer.add('ext', bytesEntry('version', '', { placement: 'image' })), {
      reason: 'entry-name',
    });
    for (const name of [
      'a/B',
      ' leading',
      '-dash',
      '..x',
      'CON',
      'trailing.',
      'NFC é',
      'NFD e\u0301',
      '"quoted"',
    ]) {
      await writer.add('ext', bytesEntry(name, name));
    }
    await writer.finish();
    assert.equal((await imagePaths(path)).length, 11);
  });

  it('throws the source’s own error, closes the source, keeps nothing of the entry and goes on', async () => {
    const stock = takeStock();
    const lent = blockPool.lent;
    const writer = await ImageWriter.create(path);
    const boom = new Error('boom');
    let destroyed = 0;
    const failing = (at: number): Readable => {
      let given = 0;
      return new Readable({
        read() {
          if (given >= at) this.destroy(boom);
          else this.push(noise(65_536));
          given += 65_536;
        },
        destroy(error, done) {
          destroyed++;
          done(error);
        },
      });
    };
    for (const at of [0, 100_000, 3_000_000]) {
      await assert.rejects(
        writer.add('ext', { path: 'x', open: () => failing(at) }),
        (error) => error === boom,
      );
    }
    assert.equal(destroyed, 3);
    await assert.rejects(
      writer.add('ext', {
        path: 'x',
        open: () => {
          throw boom;
        },
      }),
      (error) => error === boom,
    );
    await assert.rejects(
      writer.add('ext', { path: 'x', open: () => Promise.reject(boom) }),
      (error) => error === boom,
    );
    await assert.rejects(writer.add('ext', { path: 'x', open: () => Readable.from(['text']) }), TypeError);
    await writer.add('ext', { path: 'x', open: () => Readable.from([Buffer.from('fine')]) });
    await writer.finish();
    assert.deepEqual(await imagePaths(path), ['ext/x', 'manifest.log']);
    assert.equal(blockPool.lent, lent);
    await assertNothingLeft(stock);
  });

  it('takes a stream that is destroyed without an error for broken, not for ended', async () => {
    const writer = await ImageWriter.create(path);
    for (const bytes of [10, 2_000_000]) {
      const chunk = noise(bytes);
      let given = false;
      const stream = new Readable({
        read() {
          if (given) setImmediate(() => this.destroy());
          else this.push(chunk);
          given = true;
        },
      });
      await assert.rejects(writer.add('ext', { path: 'x', open: () => stream }), {
        code: 'ERR_STREAM_PREMATURE_CLOSE',
      });
    }
    assert.equal(writer.entries.length, 0);
    await writer.abort();
  });

  it('a failing list of entries fails the call and settles what was read ahead', async () => {
    const writer = await ImageWriter.create(path);
    let closed = false;
    async function* entries(): AsyncGenerator<ImageEntry> {
      try {
        for (let i = 0; i < 10; i++) yield bytesEntry(`f${i}`, noise(20_000));
        await Promise.resolve();
        throw new Error('the folder went away');
      } finally {
        closed = true;
      }
    }
    const savepoint = writer.savepoint();
    await assert.rejects(writer.addAll('ext', entries()), /the folder went away/);
    assert.ok(closed);
    await writer.rollback(savepoint);
    await writer.addAll('ext', [bytesEntry('f0', 'again')]);
    await writer.finish();
    assert.deepEqual(await imagePaths(path), ['ext/f0', 'manifest.log']);
  });

  it('a cancelled call settles at once although its source gives nothing, and leaves no listener', async () => {
    const stock = takeStock();
    const never = (): Promise<never> => new Promise(() => undefined);
    const silent = new Readable({ read: () => undefined });
    const sources: (() => ImageEntry)[] = [
      () => ({ path: 'x', open: never }),
      () => ({ path: 'x', open: () => silent }),
      () => ({ path: 'x', open: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }) }),
      () => ({ path: 'x', open: () => silentAfter(3_000_000) }),
    ];
    for (const [index, source] of sources.entries()) {
      const control = new AbortController();
      const reason = new Error('enough');
      const writer = await ImageWriter.create(`${path}.${index}`, { signal: control.signal });
      const call = writer.add('ext', source());
      setTimeout(() => {
        control.abort(reason);
      }, 30);
      await assert.rejects(call, { code: 'CANCELLED', cause: reason });
      await assert.rejects(writer.finish(), { code: 'CANCELLED' });
      await writer.abort();
      await assertNothingLeft(stock, { signals: [control.signal] });
      await assert.rejects(stat(writer.path), { code: 'ENOENT' });
    }
    assert.ok(silent.destroyed);
  });

  it('an aborted signal means that nothing is created', async () => {
    await assert.rejects(ImageWriter.create(path, { signal: AbortSignal.abort('no') }), {
      code: 'CANCELLED',
    });
    await assert.rejects(stat(path), { code: 'ENOENT' });
  });

  it('never replaces a file, and says why it cannot create one', async () => {
    await writeFile(path, 'precious');
    await assert.rejects(ImageWriter.create(path), { code: 'IMAGE_WRITE_FAILED', reason: 'exists' });
    assert.equal(await readFile(path, 'utf8'), 'precious');
    await assert.rejects(ImageWriter.create(join(folder, 'missing', 'a.zip')), (error) => {
      assert.ok(isBackupError(error) && error.code === 'IMAGE_WRITE_FAILED');
      assert.match(error.message, /cannot create the image file .*missing.*a\.zip: ENOENT/);
      return true;
    });
    await assert.rejects(ImageWriter.create(path, { level: 10 }), { code: 'INVALID_OPTIONS' });
  });

  it('a full disk breaks the image with one clear error, and the source is closed', async () => {
    const disk = join(folder, 'disk');
    execFileSync('mkdir', [disk]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', disk]);
    try {
      const stock = takeStock();
      const lent = blockPool.lent;
      const writer = await ImageWriter.create(join(disk, 'a.zip'));
      const savepoint = writer.savepoint();
      const source = Readable.from(chunked(noise(30_000_000), 65_536));
      const full = {
        code: 'IMAGE_WRITE_FAILED',
        reason: 'no-space',
        message: /cannot write .*a\.zip: ENOSPC/,
      };
      await assert.rejects(writer.add('maindb', { path: 'x', open: () => source }), full);
      assert.ok(source.destroyed);
      await assert.rejects(writer.add('maindb', bytesEntry('y', 'y')), full);
      await assert.rejects(writer.rollback(savepoint), full);
      await assert.rejects(writer.finish(), full);
      await writer.abort();
      assert.equal(blockPool.lent, lent);
      await assertNothingLeft(stock, { emptyFolders: [disk] });
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  it('removes its file when it goes out of use unfinished, and keeps a finished one', async () => {
    {
      await using writer = await ImageWriter.create(path);
      await writer.add('ext', { path: 'a', open: () => chunked(noise(3_000_000), 65_536) });
    }
    await assert.rejects(stat(path), { code: 'ENOENT' });
    {
      await using writer = await ImageWriter.create(path);
      await writer.finish();
    }
    await chmod(path, 0o600);
    assert.deepEqual(await imagePaths(path), ['manifest.log']);
  });

  it('does one thing at a time, and nothing after its end', async () => {
    const writer = await ImageWriter.create(path);
    const first = writer.add('ext', bytesEntry('a', 'a'));
    await assert.rejects(writer.add('ext', bytesEntry('b', 'b')), { code: 'INTERNAL', reason: 'misuse' });
    assert.throws(() => writer.savepoint(), { code: 'INTERNAL' });
    await first;
    await writer.finish();
    await assert.rejects(writer.add('ext', bytesEntry('b', 'b')), { message: /is finished/ });
  });

  it('lets timers run while it adds thousands of small entries that never wait', async () => {
    const writer = await ImageWriter.create(path);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    await writer.addAll(
      'ext',
      Array.from({ length: 3000 }, (_, i) => bytesEntry(`f${i}.jar`, noise(4000, String(i)))),
    );
    clearInterval(timer);
    assert.ok(ticks > 2);
    await writer.finish();
    assert.equal((await imagePaths(path)).length, 3001);
  });
});

describe('yazl, as far as the writer relies on it', () => {
  const require = createRequire(import.meta.url);
  const { ZipFile } = require('yazl') as { ZipFile: new () => Record<string, unknown> };

  it('is the version that was looked into', () => {
    assert.equal((require('yazl/package.json') as { version: string }).version, '3.3.1');
  });

  it('holds its pump while allDone is set, and lays out headers, descriptors and directory', async () => {
    interface Entry {
      crcAndFileSizeKnown: boolean;
      getLocalFileHeader(): Buffer;
      getDataDescriptor(): Buffer;
    }
    const zip = new ZipFile() as unknown as {
      readonly entries: readonly Entry[];
      allDone: boolean;
      outputStreamCursor: number;
      readonly outputStream: Readable;
      addReadStreamLazy(name: string, options: object, open: () => void): void;
      end(): void;
    };
    assert.equal(zip.entries.length, 0);
    zip.allDone = true;
    zip.addReadStreamLazy('a', { compressionLevel: 6, mtime: sampleTime, mode: 0o100600 }, () => {
      assert.fail('the pump must not run');
    });
    assert.equal(zip.outputStream.read(), null);
    const entry = zip.entries[0]!;
    assert.equal(entry.crcAndFileSizeKnown, false);
    assert.equal(entry.getLocalFileHeader().readUInt16LE(6), 0x0808);
    Object.assign(entry, { crc32: 1, compressedSize: 2, uncompressedSize: 0 });
    assert.equal(entry.getDataDescriptor().length, 16);
    assert.equal(Object.assign(entry, { uncompressedSize: 2 ** 33 }).getDataDescriptor().length, 24);
    Object.assign(entry, { crcAndFileSizeKnown: true, uncompressedSize: 0 });
    assert.equal(entry.getLocalFileHeader().readUInt16LE(6), 0x0800);
    assert.equal(entry.getDataDescriptor().length, 0);
    Object.assign(entry, { relativeOffsetOfLocalHeader: 0, state: 3 });
    zip.outputStreamCursor = 33;
    zip.allDone = false;
    zip.end();
    const tail = Buffer.concat((await zip.outputStream.toArray()) as Buffer[]);
    assert.equal(tail.readUInt32LE(0), 0x02014b50);
    assert.equal(tail.readUInt32LE(tail.length - 6), 33);
  });
});

function breaking(bytes: number): ImageEntry {
  return {
    path: 'breaking',
    async *open() {
      yield* chunked(noise(bytes), 65_536);
      throw new Error('the source broke');
    },
  };
}

async function* silentAfter(bytes: number): AsyncGenerator<Uint8Array> {
  yield* chunked(noise(bytes), 65_536);
  await new Promise(() => undefined);
}
