import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { open as openZip, type Entry, type ZipFile } from 'yauzl';
import { ensure } from './prerequisites.js';

/** One entry as an independent reader found it. */
export interface ReadEntry {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The contents of an image, by path, in the order of its directory; read by yauzl. Meant for small images. */
export async function imageContents(file: string): Promise<Map<string, Buffer>> {
  const zip = await promisify<string, { lazyEntries: true; autoClose: false }, ZipFile>(openZip)(file, {
    lazyEntries: true,
    autoClose: false,
  });
  const contents = new Map<string, Buffer>();
  try {
    const entries = await new Promise<Entry[]>((resolve, reject) => {
      const found: Entry[] = [];
      zip.on('entry', (entry: Entry) => {
        found.push(entry);
        zip.readEntry();
      });
      zip.once('end', () => {
        resolve(found);
      });
      zip.once('error', reject);
      zip.readEntry();
    });
    for (const entry of entries) {
      const stream = await promisify(zip.openReadStream.bind(zip) as OpenReadStream)(entry);
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      assert.ok(!contents.has(entry.fileName), `${entry.fileName} is there once only`);
      contents.set(entry.fileName, Buffer.concat(chunks));
    }
  } finally {
    zip.close();
  }
  return contents;
}

/** The paths of an image in the order of its directory. */
export async function imagePaths(file: string): Promise<string[]> {
  return [...(await imageContents(file)).keys()];
}

/** The content of one entry as text. */
export async function imageText(file: string, path: string): Promise<string> {
  const content = (await imageContents(file)).get(path);
  assert.ok(content !== undefined, `${path} is in the image`);
  return content.toString();
}

/** What yauzl makes of an image. */
export async function readByYauzl(file: string): Promise<ReadEntry[]> {
  return [...(await imageContents(file))].map(([path, content]) => ({
    path,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  }));
}

/** What python's zipfile makes of an image. */
export async function readByPython(file: string): Promise<ReadEntry[]> {
  await ensure('python');
  return listed('/usr/bin/python3', [support('read-zip.py'), file]);
}

/** What Java's streaming ZipInputStream, which the product's restore uses, makes of an image. */
export async function readByJava(file: string): Promise<ReadEntry[]> {
  await ensure('java');
  return listed('/usr/bin/java', [
    '-Dfile.encoding=UTF-8',
    '-Dsun.stdout.encoding=UTF-8',
    '-Dstdout.encoding=UTF-8',
    support('ReadZip.java'),
    file,
  ]);
}

/**
 * Asserts that every independent reader takes the whole image, silently, and that they agree about every entry.
 *
 * @returns The entries.
 */
export async function assertReadableByAll(file: string): Promise<ReadEntry[]> {
  await ensure('unzip');
  const [byPython, byJava, byYauzl, tested] = await Promise.all([
    readByPython(file),
    readByJava(file),
    readByYauzl(file),
    run('/usr/bin/unzip', ['-tqq', file]),
  ]);
  assert.equal(tested.stdout + tested.stderr, '', 'unzip -t has nothing to say');
  assert.deepEqual(byJava, byPython, 'Java and python read the same');
  assert.deepEqual(byYauzl, byPython, 'yauzl and python read the same');
  return byPython;
}

const run = promisify(execFile);
type OpenReadStream = (
  entry: Entry,
  done: (error: Error | null, stream: NodeJS.ReadableStream) => void,
) => void;

// The sources of this folder are not compiled along, so they are looked for where they are.
function support(name: string): string {
  return fileURLToPath(new URL(`../../../test/support/${name}`, import.meta.url));
}

async function listed(program: string, args: readonly string[]): Promise<ReadEntry[]> {
  const { stdout } = await run(program, args, {
    maxBuffer: 2 ** 28,
    env: { ...process.env, LC_ALL: 'C.UTF-8', PYTHONIOENCODING: 'utf-8' },
  });
  return stdout.split('\n').flatMap((line) => {
    const match = /^([0-9a-f]{64}) (\d+) (.*)$/u.exec(line);
    return match === null ? [] : [{ sha256: match[1] ?? '', bytes: Number(match[2]), path: match[3] ?? '' }];
  });
}
