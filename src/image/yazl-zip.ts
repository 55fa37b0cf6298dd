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
  lastModFileTime: number;
  lastModFileDate: number;
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
  const entry = zip.entries.pop()!;
  // yazl takes the local time for these, by which the same image would have other bytes in another time zone. Readers
  // take the exact time, which stands beside them.
  Object.assign(entry, dosTime(mtime));
  return entry;
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

/** UTC as a zip's own fields have it: even seconds, from 1980 to 2107. */
function dosTime(time: Date): Pick<YazlEntry, 'lastModFileTime' | 'lastModFileDate'> {
  const at = new Date(Math.min(Math.max(time.getTime(), FIRST_DOS_TIME), LAST_DOS_TIME));
  return {
    lastModFileTime: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    lastModFileDate: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  };
}

const FIRST_DOS_TIME = Date.UTC(1980, 0, 1);
const LAST_DOS_TIME = Date.UTC(2107, 11, 31, 23, 59, 58);
