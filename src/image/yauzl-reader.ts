import type { FileHandle } from 'node:fs/promises';
import { fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';
import { readFully, type ZipDirectory, type ZipDirectoryEntry } from './zip-reader.js';

/** No gateway comes near; a forged directory may not fill the memory. */
const MAX_ENTRIES = 1_000_000;

/** Reads the central directory of an open file. Throws an `Error` that says what is wrong with it. */
export async function readDirectory(file: FileHandle, fileBytes: number): Promise<ZipDirectory> {
  // Names stay bytes: it is ours to judge them, each by itself.
  const zip = await fromRandomAccessReaderPromise(new FileReader(file, fileBytes), fileBytes, {
    autoClose: false,
    decodeStrings: false,
    validateEntrySizes: false,
  });
  const start = Number(zip.readEntryCursor);
  if (zip.entryCount > MAX_ENTRIES) throw new Error(`the directory claims ${zip.entryCount} entries`);
  const entries: ZipDirectoryEntry[] = [];
  for await (const entry of zip.eachEntry()) {
    entries.push({
      rawName: entry.fileNameRaw,
      path: entry.fileNameRaw.toString('utf8'),
      versionMadeBy: entry.versionMadeBy,
      flags: entry.generalPurposeBitFlag,
      method: entry.compressionMethod,
      dosTime: entry.lastModFileTime,
      dosDate: entry.lastModFileDate,
      crc32: entry.crc32,
      compressedBytes: entry.compressedSize,
      bytes: entry.uncompressedSize,
      extra: entry.extraFieldRaw,
      comment: entry.fileCommentRaw,
      externalAttributes: entry.externalFileAttributes,
      offset: entry.relativeOffsetOfLocalHeader,
    });
  }
  return { entries, start, end: Number(zip.readEntryCursor) };
}

const WINDOW_BYTES = 64 * 1024;

/** Serves the reader's many small reads from a window, so that a directory costs a few reads of the file. */
class FileReader extends RandomAccessReader {
  readonly #file: FileHandle;
  readonly #fileBytes: number;
  readonly #window = Buffer.allocUnsafe(WINDOW_BYTES);
  #windowStart = 0;
  #windowBytes = 0;

  constructor(file: FileHandle, fileBytes: number) {
    super();
    this.#file = file;
    this.#fileBytes = fileBytes;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    const at = position - this.#windowStart;
    if (at >= 0 && at + length <= this.#windowBytes) {
      this.#window.copy(buffer, offset, at, at + length);
      callback(null, length);
      return;
    }
    this.#fill(buffer, offset, length, position).then(
      (bytesRead) => {
        callback(null, bytesRead);
      },
      (error: unknown) => {
        callback(error as Error);
      },
    );
  }

  async #fill(buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
    if (position >= this.#fileBytes) return 0;
    if (length > WINDOW_BYTES)
      return readFully(this.#file, buffer.subarray(offset, offset + length), position);
    this.#windowBytes = await readFully(this.#file, this.#window, position);
    this.#windowStart = position;
    return this.#window.copy(buffer, offset, 0, Math.min(length, this.#windowBytes));
  }
}
