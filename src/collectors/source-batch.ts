import type { Stats } from 'node:fs';
import type { PreparedContent } from '../image/prepare-content.js';
import type { SourceRootFacts } from './source-root.js';

/** Longest file that is read in a batch. What the image's writer gets is copied by it, so the buffer can be used again. */
export const MAX_BATCHED_BYTES = 96 * 1024;
/** The contents of a batch, compressed, one after the other. */
export const BATCH_BYTES = 1024 * 1024;

/** What a reading thread is told once. */
export interface SourceWorkerData {
  readonly level: number;
}

/** Files to read, for a thread that does. */
export interface SourceBatch {
  /** Each followed by a zero byte, which no path holds. */
  readonly paths: Uint8Array;
  /** 1 for each whose name says that it is compressed already. */
  readonly compressed: Uint8Array;
  readonly root: SourceRootFacts;
  /** For the answer. */
  readonly buffer: ArrayBuffer;
}

/** What came of a {@link SourceBatch}. */
export interface SourceAnswer {
  readonly buffer: ArrayBuffer;
  /** {@link COLUMNS} for each file; the first is 0 for one that was not read. */
  readonly figures: Float64Array;
  /** SHA-256 of each, in digits. */
  readonly digests: Uint8Array;
}

/** What a reading thread says: once that it can be given something, then one answer for each batch. */
export type SourceMessage = 'ready' | SourceAnswer;

/** A file that was read. */
export interface PreparedSource {
  readonly content: PreparedContent;
  readonly facts: SourceFacts;
}

/** What an entry says of its file. */
export type SourceFacts = Pick<Stats, 'size' | 'mode' | 'uid' | 'gid' | 'mtime'>;

export function joinPaths(paths: readonly Buffer[]): Uint8Array {
  const joined = new Uint8Array(paths.reduce((sum, { length }) => sum + length + 1, 0));
  let at = 0;
  for (const path of paths) {
    joined.set(path, at);
    at += path.length + 1;
  }
  return joined;
}

export function splitPaths(joined: Uint8Array): Buffer[] {
  const all = Buffer.from(joined.buffer, joined.byteOffset, joined.length);
  const paths: Buffer[] = [];
  for (let from = 0; from < all.length; from = all.indexOf(0, from) + 1) {
    paths.push(all.subarray(from, all.indexOf(0, from)));
  }
  return paths;
}

export function emptyAnswer(files: number, buffer: ArrayBuffer): SourceAnswer {
  return {
    buffer,
    figures: new Float64Array(files * COLUMNS),
    digests: new Uint8Array(files * DIGEST_DIGITS),
  };
}

export function writeAnswer(
  { figures, digests }: SourceAnswer,
  index: number,
  offset: number,
  { content, facts }: PreparedSource,
): void {
  const { bytes, compressedBytes, crc32, sha256 } = content;
  const { mode, uid, gid, mtime } = facts;
  figures.set([1, offset, compressedBytes, bytes, crc32, mode, uid, gid, mtime.getTime()], index * COLUMNS);
  Buffer.from(digests.buffer).write(sha256, index * DIGEST_DIGITS, 'latin1');
}

/** `undefined`: this file was not read. */
export function readAnswer(
  { buffer, figures, digests }: SourceAnswer,
  index: number,
  release: () => void,
): PreparedSource | undefined {
  const at = index * COLUMNS;
  if (figures[at] !== 1) return undefined;
  const [offset, compressedBytes, bytes, crc32, mode, uid, gid, mtime] = figures.subarray(
    at + 1,
    at + COLUMNS,
  );
  const digest = index * DIGEST_DIGITS;
  return {
    content: {
      bytes: bytes!,
      compressedBytes: compressedBytes!,
      crc32: crc32!,
      sha256: Buffer.from(digests.buffer).toString('latin1', digest, digest + DIGEST_DIGITS),
      pieces: [new Uint8Array(buffer, offset, compressedBytes)],
      release,
    },
    facts: { size: bytes!, mode: mode!, uid: uid!, gid: gid!, mtime: new Date(mtime!) },
  };
}

const COLUMNS = 9;
const DIGEST_DIGITS = 64;
