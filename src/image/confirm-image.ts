import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { BackupError, isBackupError } from '../errors.js';
import { throwIfCancelled, type AbortableOptions } from '../support/abort.js';
import { messageOf } from '../support/message-of.js';
import { BLOCK_BYTES, blockPool } from './block-pool.js';
import type { ImageEntryRecord, ImageSummary } from './image-records.js';
import { verifyImage } from './verify-image.js';
import { readFully, readZipDirectory } from './zip-reader.js';

/** How a staged image is confirmed. */
export interface ConfirmOptions extends AbortableOptions {
  /** Also decompress every entry and check all that `verifyImage` checks. Default: false. */
  readonly full?: boolean | undefined;
  /** Called with the bytes read back so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Reads a finished image back from its file and compares it with what was written: size, SHA-256 of the whole file, and
 * the directory against the records of the entries.
 */
export async function confirmImage(
  path: string,
  summary: ImageSummary,
  records: readonly ImageEntryRecord[],
  options: ConfirmOptions = {},
): Promise<void> {
  throwIfCancelled(options.signal, 'verify');
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    if (size !== summary.bytes) throw invalid(path, `it has ${size} bytes, ${summary.bytes} were written`);
    if ((await sha256Of(file, options)) !== summary.sha256) throw invalid(path, 'its SHA-256 differs');
    compare(path, (await readZipDirectory(file, size)).entries, records);
    if (options.full === true) await verifyFully(path, options.signal);
  } catch (error) {
    if (isBackupError(error)) throw error;
    throw invalid(path, messageOf(error), error);
  } finally {
    await file?.close();
  }
}

async function sha256Of(file: FileHandle, { signal, onProgress }: ConfirmOptions): Promise<string> {
  const hash = createHash('sha256');
  // Two blocks in turn: the next is read while this one is hashed.
  const blocks = [blockPool.acquire(), blockPool.acquire()] as const;
  let position = 0;
  let read = readFully(file, blocks[0], 0);
  try {
    for (let turn = 0; ; turn ^= 1) {
      const bytes = await read;
      throwIfCancelled(signal, 'verify');
      position += bytes;
      if (bytes === BLOCK_BYTES) read = readFully(file, blocks[turn === 0 ? 1 : 0], position);
      hash.update(blocks[turn === 0 ? 0 : 1].subarray(0, bytes));
      onProgress?.(position);
      if (bytes < BLOCK_BYTES) return hash.digest('hex');
    }
  } finally {
    // A read that is still under way writes into a block.
    await read.catch(() => undefined);
    for (const block of blocks) blockPool.release(block);
  }
}

async function verifyFully(path: string, signal: AbortSignal | undefined): Promise<void> {
  const { faults } = await verifyImage(path, { signal });
  if (faults.length === 0) return;
  const named = faults
    .slice(0, 3)
    .map(({ entry, message }) => (entry === undefined ? message : `${entry}: ${message}`));
  throw invalid(path, named.join('; '));
}

function compare(
  path: string,
  found: readonly { readonly path: string; readonly bytes: number; readonly crc32: number }[],
  records: readonly ImageEntryRecord[],
): void {
  if (found.length !== records.length) {
    throw invalid(path, `its directory lists ${found.length} entries, ${records.length} were written`);
  }
  for (const [index, record] of records.entries()) {
    const entry = found[index]!;
    if (entry.path !== record.path || entry.bytes !== record.bytes || entry.crc32 !== record.crc32) {
      throw invalid(path, `its directory is wrong about ${record.path}`);
    }
  }
}

function invalid(path: string, fault: string, cause?: unknown): BackupError {
  return new BackupError('IMAGE_INVALID', `the image ${path} is not as it was written: ${fault}`, {
    stage: 'verify',
    reason: 'read-back',
    retryable: true,
    hint: 'the disk or its driver may be faulty; run the backup again, to another folder',
    cause,
  });
}
