import { ZipFile } from 'yazl';

/**
 * What the writer of images relies on inside yazl, whose version is pinned for that reason: it builds headers,
 * descriptors and the directory. Its own pump is held still by `allDone`, so no byte of an entry passes through it.
 */
export interface YazlZip extends Pick<ZipFile, 'addReadStreamLazy' | 'end' | 'outputStream'> {
  entries: YazlEntry[];
  outputStreamCursor: number;
  allDone: boolean;
}

export interface YazlEntry {
  state: number;
  crcAndFileSizeKnown: boolean;
  crc32: number | null;
  uncompressedSize: number | null;
  compressedSize: number | null;
  relativeOffsetOfLocalHeader: number | null;
  getLocalFileHeader(): Buffer;
  getDataDescriptor(): Buffer;
}

/** yazl's state of an entry that is written. */
export const YAZL_DONE = 3;
const REGULAR_FILE = 0o100000;

/** A zip whose headers are asked for one by one. */
export function newZip(): YazlZip {
  const zip = new ZipFile() as unknown as YazlZip;
  zip.allDone = true;
  return zip;
}

/** The headers of one entry, whose sizes come later. */
export function newZipEntry(zip: YazlZip, name: string, mtime: Date, mode: number): YazlEntry {
  zip.addReadStreamLazy(name, { compressionLevel: 6, mtime, mode: REGULAR_FILE | mode }, neverOpened);
  // Kept by the writer instead: yazl looks through its list from the start at every step.
  return zip.entries.pop()!;
}

/** The central directory and the end records, for entries that were written already. */
export async function* zipDirectory(
  zip: YazlZip,
  entries: YazlEntry[],
  offset: number,
): AsyncGenerator<Buffer> {
  zip.entries = entries;
  zip.outputStreamCursor = offset;
  zip.allDone = false;
  zip.end();
  yield* zip.outputStream as AsyncIterable<Buffer>;
}

function neverOpened(): void {
  // The content is written by the writer itself.
}
