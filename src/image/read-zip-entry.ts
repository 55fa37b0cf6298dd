import { open } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import { readFully, readZipDirectory } from './zip-reader.js';

const localHeaderBytes = 30;

/**
 * The content of one small entry of a zip file, such as the manifest of a jar; `undefined` when it has none of that name.
 *
 * @throws Error of the file system, or one that says what is wrong with the zip.
 */
export async function readZipEntry(
  path: string,
  name: string,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const file = await open(path, 'r');
  try {
    const { entries } = await readZipDirectory(file, (await file.stat()).size);
    const entry = entries.find((candidate) => candidate.path === name);
    if (entry === undefined) return undefined;
    if (entry.bytes > maxBytes || entry.compressedBytes > maxBytes) throw new Error(`${name} is too large`);
    const header = Buffer.alloc(localHeaderBytes);
    await readFully(file, header, entry.offset);
    const content = Buffer.alloc(entry.compressedBytes);
    const start = entry.offset + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
    if ((await readFully(file, content, start)) < content.length) throw new Error(`${name} is cut short`);
    return entry.method === 0 ? content : inflateRawSync(content, { maxOutputLength: maxBytes });
  } finally {
    await file.close();
  }
}
