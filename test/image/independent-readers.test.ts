import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bytesEntry, ImageWriter, verifyImage, type ImageEntry } from 'gateway-backup';
import { SeededRandom } from 'gateway-backup/testing';
import { ensure } from '../support/prerequisites.js';
import { readByYauzl } from '../support/read-image.js';
import { addSampleRecord, chunked, noise, writeSampleImage } from '../support/sample-image.js';
import { isSoak, rounds, testSeed } from '../support/soak.js';

const run = promisify(execFile);
let folder: string;

before(async () => {
  await ensure('java', 'python', 'unzip');
  folder = await mkdtemp(join(tmpdir(), 'readers-'));
});
after(async () => {
  await rm(folder, { recursive: true });
});

describe('unzip, python, Java’s streaming reader and yauzl', { timeout: 3_600_000 }, () => {
  it('agree about every entry of generated images, and so does verifyImage', async () => {
    const seeded = new SeededRandom(testSeed('readers'));
    const random = (below: number): number => seeded.integer(below);
    const images: string[] = [];
    const expected: string[] = [];
    const sample = join(folder, 'sample.zip');
    await writeSampleImage(sample);
    images.push(sample);
    expected.push(...(await lines(sample)));
    for (let number = 0; number < rounds(40, 500); number++) {
      const path = join(folder, `${number}.zip`);
      const written = await generate(path, random);
      images.push(path);
      expected.push(...written);
      assert.deepEqual(
        (await lines(path)).slice(0, -2),
        written.slice(0, -2),
        'yauzl reads what was written',
      );
      const { faults } = await verifyImage(path);
      assert.deepEqual(faults, []);
      const tested = await run('unzip', ['-tqq', path], { env: utf8 });
      assert.equal(tested.stdout + tested.stderr, '');
    }
    // The last two lines of an image are its own texts, whose contents the generator does not know.
    const own = (line: string): boolean => / (?:backup\.json|manifest\.log)$/.test(line);
    const known = expected.filter((line) => !own(line));
    for (const program of ['python', 'java'] as const) {
      const read = await readBy(program, images);
      assert.deepEqual(
        read.filter((line) => !own(line)),
        known,
        program,
      );
      assert.equal(read.filter(own).length, images.length * 2);
    }
  });

  if (isSoak) {
    it('read an entry of more than 4 GiB, and small ones behind it', async () => {
      const path = join(folder, 'large.zip');
      const writer = await ImageWriter.create(path);
      await writer.addOwn(bytesEntry('version', '9.4.00'));
      const unit = noise(1 << 20);
      async function* large(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < 4200; i++) {
          yield unit;
          await Promise.resolve();
        }
      }
      await writer.add('ext', { path: 'large', content: 'compressed', open: large });
      await writer.add('ext', bytesEntry('small', 'x'));
      await writer.add('ext', { path: 'stream', open: () => chunked(noise(3_000_000), 65_536) });
      await addSampleRecord(writer, ['ext']);
      await writer.finish();
      const written = writer.entries.map(({ sha256, bytes, path: name }) => `${sha256} ${bytes} ${name}`);
      assert.deepEqual((await verifyImage(path)).faults, []);
      for (const program of ['python', 'java'] as const)
        assert.deepEqual(await readBy(program, [path]), written, program);
      const tested = await run('unzip', ['-tqq', path], { env: utf8 });
      assert.equal(tested.stdout + tested.stderr, '');
      await rm(path);
    });

    it('read 66,000 entries', async () => {
      const path = join(folder, 'many.zip');
      const writer = await ImageWriter.create(path);
      await writer.addOwn(bytesEntry('version', '9.4.00'));
      await writer.addAll(
        'ext',
        Array.from({ length: 66_000 }, (_, i) => bytesEntry(`${i % 100}/${i}`, String(i))),
      );
      await addSampleRecord(writer, ['ext']);
      await writer.finish();
      assert.deepEqual((await verifyImage(path)).faults, []);
      const written = writer.entries.map(({ sha256, bytes, path: name }) => `${sha256} ${bytes} ${name}`);
      for (const program of ['python', 'java'] as const)
        assert.deepEqual(await readBy(program, [path]), written, program);
    });
  }
});

const utf8 = { ...process.env, LC_ALL: 'C.UTF-8', PYTHONIOENCODING: 'utf-8' };

/** Writes an image of random entries, with rollbacks in between. Returns what its readers have to say of it. */
async function generate(path: string, random: (below: number) => number): Promise<string[]> {
  const writer = await ImageWriter.create(path, { level: random(10) });
  await writer.addOwn(bytesEntry('version', '9.4.00'));
  const components = ['maindb-x', 'ext', 'os', 'ca'].slice(0, random(5));
  for (const component of components) {
    if (random(3) === 0) await abandon(writer, component, random);
    await writer.addAll(
      component,
      Array.from({ length: random(6) }, (_, i) => entry(i, random)),
    );
  }
  await addSampleRecord(writer, components);
  await writer.finish();
  return writer.entries.map(({ sha256, bytes, path: name }) => `${sha256} ${bytes} ${name}`);
}

async function abandon(
  writer: ImageWriter,
  component: string,
  random: (below: number) => number,
): Promise<void> {
  const savepoint = writer.savepoint();
  const bytes = random(2) === 0 ? 10 : 3_000_000;
  const broken: ImageEntry = {
    path: 'broken',
    async *open() {
      yield* chunked(noise(bytes), 50_000);
      throw new Error('broken');
    },
  };
  await assert.rejects(writer.addAll(component, [entry(0, random), broken]), /broken/);
  await writer.rollback(savepoint);
}

function entry(number: number, random: (below: number) => number): ImageEntry {
  const name = [
    'plain.txt',
    'ümläut – 文件.jar',
    'sub/folder/file',
    '-dash',
    '𝕏 emoji 🙂.gz',
    'x'.repeat(200),
  ][random(6)]!;
  const bytes = [0, 1, random(100), random(100_000), 65_535, 65_536, random(3_000_000)][random(7)]!;
  const content =
    random(2) === 0 ? noise(bytes, String(number)) : Buffer.alloc(bytes, 'some text, and again ');
  const facts = { content: random(4) === 0 ? 'compressed' : 'auto', mode: random(0o1000) } as const;
  const path = `${number}/${name}`;
  return random(2) === 0
    ? bytesEntry(path, content, facts)
    : { ...facts, path, open: () => chunked(content, 1 + random(100_000)) };
}

async function lines(path: string): Promise<string[]> {
  return (await readByYauzl(path)).map(({ sha256, bytes, path: name }) => `${sha256} ${bytes} ${name}`);
}

/** One start of the program for all images: a JVM takes its time. */
async function readBy(program: 'python' | 'java', images: readonly string[]): Promise<string[]> {
  const options = ['-Dfile.encoding=UTF-8', '-Dsun.stdout.encoding=UTF-8', '-Dstdout.encoding=UTF-8'];
  const [command, script, args] =
    program === 'python'
      ? (['python3', 'read-zip.py', []] as const)
      : (['java', 'ReadZip.java', options] as const);
  const file = fileURLToPath(new URL(`../../../test/support/${script}`, import.meta.url));
  const { stdout } = await run(command, [...args, file, ...images], { env: utf8, maxBuffer: 2 ** 28 });
  return stdout.trimEnd().split('\n');
}
