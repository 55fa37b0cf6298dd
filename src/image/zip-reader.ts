import type { FileHandle } from 'node:fs/promises';

/** One record of a zip's central directory. */
export interface ZipDirectoryEntry {
  /** Name as it stands in the file. */
  readonly rawName: Buffer;
  /** The name as UTF-8 text. */
  readonly path: string;
  readonly versionMadeBy: number;
  readonly flags: number;
  readonly method: number;
  readonly dosTime: number;
  readonly dosDate: number;
  readonly crc32: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly extra: Buffer;
  readonly comment: Buffer;
  readonly externalAttributes: number;
  readonly offset: number;
}

/** A zip's central directory. */
export interface ZipDirectory {
  readonly entries: readonly ZipDirectoryEntry[];
  /** Where its first record stands. */
  readonly start: number;
  /** Where the end records begin. */
  readonly end: number;
}

/** Reads the central directory of an open file. Throws an `Error` that says what is wrong with it. */
export async function readZipDirectory(file: FileHandle, fileBytes: number): Promise<ZipDirectory> {
  // Loaded when it is needed, so that importing this package stays cheap.
  const { readDirectory } = await import('./yauzl-reader.js');
  return readDirectory(file, fileBytes);
}

/** Fills the target from a position, or reads to the end of the file. Returns the bytes read. */
export async function readFully(file: FileHandle, target: Uint8Array, position: number): Promise<number> {
  let read = 0;
  while (read < target.length) {
    const { bytesRead } = await file.read(target, read, target.length - read, position + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return read;
}
