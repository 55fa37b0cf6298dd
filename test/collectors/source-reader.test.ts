import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { BackupError } from 'gateway-backup';
import { SourceReader, type SourceReaderOptions } from '#dist/collectors/source-reader.js';
import { SourceRoot } from '#dist/collectors/source-root.js';
import type { ImageEntry } from '#dist/image/image-entry.js';
import { asNobody } from '../support/as-nobody.js';
import {
  makeFiles,
  makeImage,
  makeMachine,
  openDescriptors,
  readImages,
  recordingContext,
  temporaryFolder,
  type Machine,
} from './collecting.js';

/** With a thread that reads from the first file on. */
async function readerOf(
  test: TestContext,
  options: Partial<SourceReaderOptions> = {},
): Promise<SourceReader> {
  const reader = newReader(test, options);
  await reader.start();
  return reader;
}

function newReader(test: TestContext, options: Partial<SourceReaderOptions> = {}): SourceReader {
  const reader = new SourceReader({ level: 3, filesBeforeThreads: 0, maxThreads: 2, ...options });
  test.after(() => reader[Symbol.asyncDispose]());
  return reader;
}

/** Jars, text, compressed text, empty files, files of every size up to one that is too large for a batch. */
function manyFiles(machine: Machine, count: number): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (let i = 0; i < count; i++) {
    const size = i % 10 === 0 ? i * 331 : (i * 37) % 5000;
    const content = i % 3 === 0 ? randomBytes(size) : Buffer.alloc(size, `line ${i} of a file\n`);
    files[`folder-${i % 7}/file-${String(i).padStart(4, '0')}.${['jar', 'txt', 'aar'][i % 3]!}`] = content;
  }
  makeFiles(join(machine.gatewayRoot, 'd'), files);
  return files;
}

/** Modification times well in the past: a file of this moment is looked at again, in case it still changes. */
function age(machine: Machine, paths: Iterable<string>): void {
  for (const path of paths) utimesSync(join(machine.gatewayRoot, 'd', path), 1_700_000_000, 1_700_000_000);
}

async function listed(entries: AsyncIterable<ImageEntry>): Promise<ImageEntry[]> {
  const list: ImageEntry[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}

describe('files that are read by threads', { timeout: 120_000 }, () => {
  it('are in the image as they are on the disk, in their order, with their modes and times', async (test) => {
    const machine = makeMachine(test);
    const files = manyFiles(machine, 700);
    age(machine, Object.keys(files));
    chmodSync(join(machine.gatewayRoot, 'd/folder-1/file-0001.txt'), 0o751);
    const context = recordingContext(machine, { reader: await readerOf(test) });
    const { file, records } = await makeImage(
      temporaryFolder(test),
      context.files(join(machine.gatewayRoot, 'd')),
    );

    const [image] = readImages([file]);
    assert.deepEqual(Object.keys(image!), Object.keys(files).sort());
    for (const [path, content] of Object.entries(files)) assert.ok(image![path]!.equals(content), path);
    for (const record of records) {
      const facts = lstatSync(join(machine.gatewayRoot, 'd', record.path.slice('test/'.length)));
      assert.equal(record.sha256, createHash('sha256').update(files[record.path.slice(5)]!).digest('hex'));
      assert.equal(record.mode, facts.mode & 0o7777);
      assert.deepEqual(record.owner, { uid: facts.uid, gid: facts.gid });
      assert.deepEqual(record.modifiedAt, facts.mtime);
    }
    assert.deepEqual(context.warnings, []);
  });

  it('make the same image as files that are not', async (test) => {
    const machine = makeMachine(test);
    age(machine, Object.keys(manyFiles(machine, 300)));
    const folder = temporaryFolder(test);
    const images: Buffer[] = [];
    for (const reader of [await readerOf(test), undefined]) {
      const { files } = recordingContext(machine, reader === undefined ? {} : { reader });
      const { file } = await makeImage(folder, files(join(machine.gatewayRoot, 'd')));
      images.push(readFileSync(file));
    }
    // The manifest has the time of the run; everything before it is the same.
    const end = images[0]!.indexOf('manifest.log') - 64;
    assert.ok(images[0]!.subarray(0, end).equals(images[1]!.subarray(0, end)));
  });

  it('are taken as they are now, or left out with a warning, when they change after they were listed', async (test) => {
    const machine = makeMachine(test);
    const files = manyFiles(machine, 60);
    age(machine, Object.keys(files));
    const context = recordingContext(machine, { reader: await readerOf(test), retryDelaysMs: [0] });
    const path = (name: string): string => join(machine.gatewayRoot, 'd', name);
    const entries = await listed(context.files(path('')));
    const [gone, grown, cut, replaced, huge] = Object.keys(files).filter((name) => files[name]!.length > 20);
    rmSync(path(gone!));
    appendFileSync(path(grown!), 'more');
    truncateSync(path(cut!), 3);
    rmSync(path(replaced!));
    symlinkSync('/etc/passwd', path(replaced!));
    writeFileSync(path(huge!), Buffer.alloc(3_000_000, 'h'));
    age(machine, [grown!, cut!, huge!]);

    const { file } = await makeImage(temporaryFolder(test), entries);
    const [image] = readImages([file]);
    const expected = Object.fromEntries(
      Object.keys(files)
        .filter((name) => name !== gone && name !== replaced)
        .map((name) => [name, readFileSync(path(name))]),
    );
    assert.deepEqual(Object.keys(image!).sort(), Object.keys(expected).sort());
    for (const [name, content] of Object.entries(expected)) assert.ok(image![name]!.equals(content), name);
    assert.equal(context.warnings.length, 2, context.warnings.join('\n'));
  });

  it('fail the component by name when one cannot be read', async (test) => {
    const machine = makeMachine(test);
    const files = manyFiles(machine, 100);
    age(machine, Object.keys(files));
    const path = join(machine.gatewayRoot, 'd', Object.keys(files)[77]!);
    chmodSync(path, 0);
    const { files: tree } = recordingContext(machine, { reader: await readerOf(test) });
    for (const folder of [machine.hostRoot, machine.gatewayRoot]) chmodSync(folder, 0o755);
    const target = temporaryFolder(test);
    chmodSync(target, 0o777);
    await assert.rejects(
      asNobody(() => makeImage(target, tree(join(machine.gatewayRoot, 'd')))),
      (error: BackupError) => {
        assert.equal(error.code, 'SOURCE_UNREADABLE');
        assert.equal(error.reason, 'access-denied');
        return error.message.includes(path);
      },
    );
    assert.deepEqual(readdirSync(target), []);
  });
});

describe('a reader of files', { timeout: 120_000 }, () => {
  it('leaves empty files, large ones and those of another level to its caller', async (test) => {
    const machine = makeMachine(test, { 'SSG/a': 'text' });
    const root = new SourceRoot(machine.gatewayRoot);
    const path = Buffer.from(join(machine.gatewayRoot, 'a'));
    const reader = await readerOf(test);
    const options = { level: 3 };
    assert.equal(reader.prepare(path, 0, root, options), undefined);
    assert.equal(reader.prepare(path, 200_000, root, options), undefined);
    assert.equal(reader.prepare(path, 4, root, { level: 9 }), undefined);
    assert.equal(reader.prepare(path, 4, root, { level: 3, compressed: 'yes' }), undefined);
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    assert.equal((await reader.prepare(path, 4, root, options))?.content.bytes, 4);
  });

  it('leaves files to its caller until so many were listed and a thread has started', async (test) => {
    const machine = makeMachine(test, { 'SSG/a': 'text' });
    const path = Buffer.from(join(machine.gatewayRoot, 'a'));
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    const reader = newReader(test, { filesBeforeThreads: 1 });
    const ask = () => reader.prepare(path, 4, new SourceRoot(machine.gatewayRoot), { level: 3 });
    reader.expect();
    assert.ok(!process.getActiveResourcesInfo().includes('MessagePort'));
    reader.expect();
    assert.ok(process.getActiveResourcesInfo().includes('MessagePort'));
    let answer = ask();
    assert.equal(answer, undefined);
    for (; answer === undefined; answer = ask()) await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await answer)?.content.bytes, 4);
  });

  it('reads where the system says it shows descriptors, and does not, and where it shows none', async (test) => {
    const machine = makeMachine(test, { 'SSG/a': 'text' });
    const path = Buffer.from(join(machine.gatewayRoot, 'a'));
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    const reader = await readerOf(test);
    for (const descriptors of ['/nowhere', null]) {
      const root = new SourceRoot(machine.gatewayRoot, descriptors);
      assert.equal((await reader.prepare(path, 4, root, { level: 3 }))?.content.bytes, 4);
    }
  });

  it('that cannot even make a thread leaves everything to its caller, and so does one that is closed', async (test) => {
    const machine = makeMachine(test, { 'SSG/a': 'text' });
    const path = Buffer.from(join(machine.gatewayRoot, 'a'));
    const program = new URL('nowhere:program');
    for (const reader of [await readerOf(test, { program }), newReader(test)]) {
      reader.expect();
      await reader.close();
      reader.expect();
      await reader.start();
      assert.equal(reader.prepare(path, 4, new SourceRoot(machine.gatewayRoot), { level: 3 }), undefined);
      assert.ok(!process.getActiveResourcesInfo().includes('MessagePort'));
    }
  });

  const broken = {
    'do not even start': 'throw new Error("broken")',
    'break when they are given something':
      "import { parentPort } from 'node:worker_threads';" +
      "parentPort.postMessage('ready'); parentPort.once('message', () => { throw new Error('broken'); });",
  };
  for (const [how, code] of Object.entries(broken)) {
    it(`whose threads ${how} leaves everything to its caller`, async (test) => {
      const machine = makeMachine(test);
      const files = manyFiles(machine, 200);
      const program = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
      const context = recordingContext(machine, { reader: await readerOf(test, { program }) });
      const { file } = await makeImage(temporaryFolder(test), context.files(join(machine.gatewayRoot, 'd')));
      const [image] = readImages([file]);
      for (const [path, content] of Object.entries(files)) assert.ok(image![path]!.equals(content), path);
      assert.equal(Object.keys(image!).length, 200);
    });
  }

  it('that is closed answers all that was asked for, fails what was not begun, and leaves no thread and no file open', async (test) => {
    const machine = makeMachine(test, { 'SSG/a': 'text' });
    const root = new SourceRoot(machine.gatewayRoot);
    const path = Buffer.from(join(machine.gatewayRoot, 'a'));
    const before = openDescriptors();
    const reader = await readerOf(test);
    const asked = Array.from({ length: 200 }, () => reader.prepare(path, 4, root, { level: 3 })!);
    const outcomes = Promise.allSettled(asked);
    await reader[Symbol.asyncDispose]();
    // What a thread has begun it ends; the batch that was still being gathered never began.
    assert.equal((await outcomes).at(-1)!.status, 'rejected');
    assert.equal(reader.prepare(path, 4, root, { level: 3 }), undefined);
    assert.equal(openDescriptors(), before);
    assert.ok(!process.getActiveResourcesInfo().includes('MessagePort'));
  });
});
