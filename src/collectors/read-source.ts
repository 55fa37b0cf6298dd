import { closeSync, fstatSync, readSync, type Stats } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { BackupError } from '../errors.js';
import { cancelled } from '../support/abort.js';
import { printablePath } from './entry-path.js';
import type { HeldFolder } from './held-folder.js';
import { openSource, unreadable } from './open-source.js';
import type { SourceRoot } from './source-root.js';

/**
 * What came of reading a file as a whole.
 *
 * @internal
 */
export type WholeSource =
  | {
      readonly outcome: 'read';
      readonly content: Buffer;
      readonly facts: Stats;
      /** It changed during every attempt. */
      readonly changed: boolean;
    }
  | { readonly outcome: 'vanished' }
  | { readonly outcome: 'skipped'; readonly reason: string };

/**
 * Limits for reading files.
 *
 * @internal
 */
export interface ReadSourceOptions {
  readonly signal: AbortSignal;
  /** Pauses before a file that changed while it was read is read again, milliseconds. Default: 3.5 s in five steps. */
  readonly retryDelaysMs?: readonly number[] | undefined;
}

/**
 * Reads a small file as a whole; at once, unless it changes meanwhile and has to be read again.
 *
 * @throws BackupError `SOURCE_UNREADABLE`, `CANCELLED`
 * @internal
 */
export function readSource(
  path: Buffer,
  root: SourceRoot,
  options: ReadSourceOptions,
): WholeSource | Promise<WholeSource> {
  const first = attempt(path, root);
  return first.outcome === 'read' && first.changed ? readAgain(first, path, root, options) : first;
}

/**
 * Reads a small file into a buffer, which is handed out again. `undefined` if it is not there, is no regular file or
 * changes meanwhile: {@link readSource} knows what to do then.
 *
 * @param folder - The file's folder, held open.
 * @throws BackupError `SOURCE_UNREADABLE`
 * @internal
 */
export function readOnce(
  path: Buffer,
  root: SourceRoot,
  into: Buffer,
  folder: HeldFolder | undefined,
): Pick<WholeSource & { outcome: 'read' }, 'content' | 'facts'> | undefined {
  const source = attempt(path, root, into, folder);
  return source.outcome === 'read' && !source.changed ? source : undefined;
}

/**
 * Whether a file is no longer as it was when it was opened.
 *
 * @internal
 */
export function changedSince(before: Stats, after: Stats, bytesRead: number): boolean {
  return (
    after.mtimeMs !== before.mtimeMs ||
    after.size !== before.size ||
    // Files that the system makes up as they are read say that they are empty.
    (bytesRead !== after.size && after.size !== 0)
  );
}

// Time stamps are coarse: a second write within this time may leave them as they are.
const clockTickMs = 20;
const defaultRetryDelaysMs = [25, 100, 375, 1000, 2000];
const slabBytes = 1024 * 1024;
// Above it a file is no longer small, whatever it was when it was listed.
const maximumBytes = 64 * 1024 * 1024;

async function readAgain(
  first: WholeSource,
  path: Buffer,
  root: SourceRoot,
  { signal, retryDelaysMs = defaultRetryDelaysMs }: ReadSourceOptions,
): Promise<WholeSource> {
  let last = first;
  for (const delayMs of retryDelaysMs) {
    await delay(delayMs, undefined, { signal }).catch(() => {
      throw cancelled(signal, 'collect');
    });
    last = attempt(path, root);
    if (last.outcome !== 'read' || !last.changed) return last;
  }
  return last;
}

function attempt(path: Buffer, root: SourceRoot, into?: Buffer, folder?: HeldFolder): WholeSource {
  const opened = openSource(path, root, folder);
  if (opened.outcome !== 'opened') return opened;
  const { descriptor, facts: before } = opened;
  try {
    const content = readToEnd(descriptor, before.size, path, into);
    const facts = fstatSync(descriptor);
    const changed =
      changedSince(before, facts, content.length) || Math.abs(Date.now() - facts.mtimeMs) < clockTickMs;
    return { outcome: 'read', content, facts, changed };
  } catch (error) {
    throw error instanceof BackupError ? error : unreadable(path, error);
  } finally {
    closeSync(descriptor);
  }
}

function readToEnd(
  descriptor: number,
  expectedBytes: number,
  path: Buffer,
  into: Buffer | undefined,
): Buffer {
  let buffer = into ?? fromSlab(expectedBytes === 0 ? 4096 : expectedBytes);
  let filled = 0;
  for (;;) {
    const count = readSync(descriptor, buffer, filled, buffer.length - filled, null);
    if (count === 0) return buffer.subarray(0, filled);
    filled += count;
    if (filled === expectedBytes) return buffer.subarray(0, filled);
    if (filled === buffer.length) buffer = enlarged(buffer, path);
  }
}

// Thousands of buffers of their own would keep the garbage collector busy.
let slab: Buffer = Buffer.alloc(0);

function fromSlab(bytes: number): Buffer {
  if (bytes > slabBytes / 4) return Buffer.allocUnsafeSlow(bytes);
  if (bytes > slab.length) slab = Buffer.allocUnsafeSlow(slabBytes);
  const piece = slab.subarray(0, bytes);
  slab = slab.subarray(bytes);
  return piece;
}

function enlarged(buffer: Buffer, path: Buffer): Buffer {
  if (buffer.length >= maximumBytes) {
    throw new BackupError('SOURCE_UNREADABLE', `${printablePath(path)} grew too large while it was read`, {
      stage: 'collect',
      reason: 'grew',
      // The next listing finds it large and takes another way.
      retryable: true,
    });
  }
  const larger = Buffer.allocUnsafeSlow(Math.min(buffer.length * 2, maximumBytes));
  buffer.copy(larger);
  return larger;
}
