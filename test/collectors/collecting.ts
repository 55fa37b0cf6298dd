import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  testCollectorContext,
  type TestCollectorContext,
  type TestCollectorContextOptions,
  type TestMachine,
} from 'gateway-backup/testing';
import { fileSources } from '#dist/collectors/file-sources.js';
import type { SourceReader } from '#dist/collectors/source-reader.js';
import { isWholeImageEntry, type ImageEntry } from '#dist/image/image-entry.js';
import type { ImageEntryRecord } from '#dist/image/image-records.js';
import { ImageWriter } from '#dist/image/image-writer.js';

/** A machine made of files: a host's root with a gateway's root in it, removed after the test. */
export type Machine = TestMachine;

export function temporaryFolder(test: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gateway-backup-test-')));
  test.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A tree as data: a path, and what is in the file. */
export function makeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

/** Paths that start with `SSG/` lie below SECURESPAN, the others below the host's root. */
export function makeMachine(
  test: TestContext,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Machine {
  const hostRoot = temporaryFolder(test);
  const gatewayRoot = join(hostRoot, 'opt', 'SecureSpan');
  mkdirSync(gatewayRoot, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    if (path.startsWith('SSG/')) makeFiles(gatewayRoot, { [path.slice(4)]: content });
    else makeFiles(hostRoot, { [path]: content });
  }
  return { hostRoot, gatewayRoot };
}

/** A collector's context that remembers what it was told, and that may wait in other steps than a run does. */
export function recordingContext(
  machine: Machine,
  {
    retryDelaysMs,
    reader,
    ...options
  }: TestCollectorContextOptions & {
    readonly retryDelaysMs?: readonly number[];
    readonly reader?: SourceReader;
  } = {},
): TestCollectorContext {
  const context = testCollectorContext(machine, options);
  if (retryDelaysMs === undefined && reader === undefined) return context;
  const { signal, warn, annotate } = context;
  return { ...context, ...fileSources({ ...machine, signal, warn, annotate, retryDelaysMs, reader }) };
}

/** What an image would hold of an entry; `undefined` if the entry is left out. */
export async function contentOf(
  entry: ImageEntry,
  way: 'whole' | 'stream' = 'whole',
): Promise<Buffer | undefined> {
  if (way === 'whole' && isWholeImageEntry(entry)) {
    const content = await entry.readWhole();
    return content === undefined ? undefined : Buffer.from(content);
  }
  const content = await entry.open();
  if (content === undefined) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

/** Path and text of everything that an image would hold. */
export async function collected(
  entries: AsyncIterable<ImageEntry>,
  way: 'whole' | 'stream' = 'whole',
): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for await (const entry of entries) {
    const content = await contentOf(entry, way);
    if (content !== undefined) texts[entry.path] = content.toString();
  }
  return texts;
}

export async function pathsOf(entries: AsyncIterable<ImageEntry>): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of entries) paths.push(entry.path);
  return paths;
}

/** An image as another zip program reads it: contents by name below the component's folder. */
export type ImageContents = Readonly<Record<string, Buffer>>;

/** Puts entries into a new image in a folder. */
export async function makeImage(
  folder: string,
  entries: AsyncIterable<ImageEntry> | Iterable<ImageEntry>,
): Promise<{ readonly file: string; readonly records: readonly ImageEntryRecord[] }> {
  const file = join(folder, `${randomUUID()}.zip`);
  await using writer = await ImageWriter.create(file);
  const records = await writer.addAll('test', entries);
  await writer.finish();
  return { file, records };
}

/** Reads images with a program that is not ours, which must find them whole. */
export function readImages(files: readonly string[]): readonly ImageContents[] {
  const output = execFileSync('python3', ['-c', readWithPython, ...files], { maxBuffer: 2 ** 30 }).toString();
  const images = JSON.parse(output) as (readonly [string, string])[][];
  return images.map((image) => {
    // An object would hide a name that is there twice.
    assert.equal(new Set(image.map(([name]) => name)).size, image.length);
    const entries = image.filter(([name]) => name !== 'manifest.log');
    return Object.fromEntries(
      entries.map(([name, content]) => [name.slice('test/'.length), Buffer.from(content, 'base64')]),
    );
  });
}

const readWithPython = `
import base64, json, sys, zipfile
def contents(file):
    with zipfile.ZipFile(file) as image:
        assert image.testzip() is None
        return [[info.filename, base64.b64encode(image.read(info)).decode()] for info in image.infolist()]
print(json.dumps([contents(file) for file in sys.argv[1:]]))
`;

/** How many files this process has open. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
