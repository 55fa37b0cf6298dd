import { hash } from 'node:crypto';
import { crc32, deflateRaw, deflateRawSync } from 'node:zlib';
import { chooseStrategy, isDense } from './block-strategy.js';
import { storedOverhead, storedPieces } from './stored-blocks.js';

/** Content that is small enough to be held in memory, compressed and ready to be written. */
export interface PreparedContent {
  readonly bytes: number;
  readonly compressedBytes: number;
  readonly crc32: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** One whole raw deflate stream. */
  readonly pieces: readonly Uint8Array[];
  /** Called once the pieces are not needed any more. Not called when writing them failed. */
  readonly release?: (() => void) | undefined;
}

/** How {@link prepareContent} compresses. */
export interface PrepareOptions {
  readonly level: number;
  /** `yes`: only framed. `likely`: framed if it looks so. Default: `no`, found out by a trial. */
  readonly compressed?: 'yes' | 'likely' | 'no' | undefined;
}

/** Below this, a trip to the thread pool costs more than it frees. */
const SYNC_BYTES = 8 * 1024;
/** Up to here compressing is its own trial. */
const TRIAL_BYTES = 64 * 1024;

/** Compresses small content; at once where that is quick, otherwise in the thread pool. */
export function prepareContent(
  content: Uint8Array,
  options: PrepareOptions,
): PreparedContent | Promise<PreparedContent> {
  const { level } = options;
  if (content.length <= SYNC_BYTES || isOnlyFramed(content, options))
    return prepareContentSync(content, options);
  return new Promise((resolve, reject) => {
    deflateRaw(content, { level, chunkSize: 64 * 1024 }, (error, deflated) => {
      if (error === null) resolve(smaller(content, deflated));
      else reject(error);
    });
  });
}

/** {@link prepareContent} for a thread that has nothing else to do. */
export function prepareContentSync(content: Uint8Array, options: PrepareOptions): PreparedContent {
  if (isOnlyFramed(content, options)) return stored(content);
  return smaller(content, deflateRawSync(content, { level: options.level }));
}

function isOnlyFramed(content: Uint8Array, { level, compressed = 'no' }: PrepareOptions): boolean {
  if (level === 0 || compressed === 'yes') return true;
  if (compressed === 'likely' && isDense(content)) return true;
  return content.length > TRIAL_BYTES && chooseStrategy(content) === 'stored';
}

function smaller(content: Uint8Array, deflated: Uint8Array): PreparedContent {
  if (deflated.length > content.length + storedOverhead(content.length)) return stored(content);
  return described(content, deflated.length, [deflated]);
}

function stored(content: Uint8Array): PreparedContent {
  const compressedBytes = content.length + storedOverhead(content.length);
  return described(content, compressedBytes, storedPieces(content, true));
}

function described(
  content: Uint8Array,
  compressedBytes: number,
  pieces: readonly Uint8Array[],
): PreparedContent {
  const { length: bytes } = content;
  return { bytes, compressedBytes, crc32: crc32(content), sha256: hash('sha256', content), pieces };
}
