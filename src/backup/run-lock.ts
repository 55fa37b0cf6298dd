import { closeSync, constants, fstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { BackupError } from '../errors.js';
import { throwIfCancelled, type AbortableOptions } from '../support/abort.js';
import { errnoOf } from '../support/errno.js';
import { logFor } from '../support/log.js';
import { isAlive, ownIdentity, type ProcessIdentity } from '../support/process-identity.js';

/**
 * Which run wants the lock.
 *
 * @internal
 */
export interface RunLockFacts extends AbortableOptions {
  /** Id of the run, for those who find the lock held. */
  readonly run: string;
  readonly startedAt: Date;
}

/**
 * Makes sure that one backup of a node runs at a time: while the lock file exists and its writer lives, nobody else gets
 * it. The file of a run that was killed is cleared away, also one that is empty or makes no sense, once it is five
 * seconds old. Answers within a second. The lock is given back by disposing of it.
 *
 * @throws BackupError `BUSY`: reason `locked`, the message names the holder; reason `lock-unreadable`, nobody can say.
 * `IMAGE_WRITE_FAILED`, reason `lock-not-writable`: there can be no lock in this folder.
 * @internal
 */
export async function acquireRunLock(file: string, facts: RunLockFacts): Promise<AsyncDisposable> {
  return acquire(file, facts, 0);
}

/** What the lock file says. */
interface Holder extends ProcessIdentity {
  readonly run: string;
  readonly startedAt: string;
}

type Found =
  | { readonly state: 'free' }
  | { readonly state: 'held'; readonly holder: Holder | undefined; readonly elsewhere: boolean }
  | { readonly state: 'stale' };

const log = logFor('lock');
const patienceMs = 700;
const pauseMs = 20;
// A writer needs well below a millisecond between creating and filling its file.
const oldEnoughMs = 5000;
const maximumBytes = 16 * 1024;
const deepestHealing = 4;

async function acquire(file: string, facts: RunLockFacts, depth: number): Promise<AsyncDisposable> {
  const content = JSON.stringify({
    ...ownIdentity(),
    run: facts.run,
    startedAt: facts.startedAt.toISOString(),
  } satisfies Holder);
  const endsAt = Date.now() + patienceMs;
  for (;;) {
    throwIfCancelled(facts.signal, 'plan');
    if (create(file, content)) return heldLock(file, content);
    const found = look(file);
    if (found.state === 'held' && (found.holder !== undefined || Date.now() >= endsAt)) {
      throw busy(file, found.holder, found.elsewhere);
    }
    if (found.state === 'stale') {
      if (Date.now() >= endsAt || depth >= deepestHealing) throw busy(file, undefined, false);
      await heal(file, facts, depth);
    }
    if (found.state === 'held') await delay(pauseMs);
  }
}

/**
 * Clears a stale file away. Two who both found it stale must not do so one after the other: the second would clear away
 * the lock that the first has just won. So this needs a lock of its own, under which one looks again. Whoever is killed
 * in here leaves two stale files, which heal in the same way.
 */
async function heal(file: string, facts: RunLockFacts, depth: number): Promise<void> {
  let claim: AsyncDisposable;
  try {
    claim = await acquire(`${file}.healing`, facts, depth + 1);
  } catch (error) {
    if (!(error instanceof BackupError && error.reason === 'locked')) throw error;
    // Somebody else heals it.
    await delay(pauseMs);
    return;
  }
  try {
    if (look(file).state !== 'stale') return;
    log('clearing away the stale lock %s', file);
    unlinkSync(file);
  } catch (error) {
    throw error instanceof BackupError ? error : notWritable(file, error);
  } finally {
    await claim[Symbol.asyncDispose]();
  }
}

function create(file: string, content: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx', 0o600);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw notWritable(file, error);
  }
  try {
    try {
      writeSync(descriptor, content);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    unlinkSync(file);
    throw notWritable(file, error);
  }
  // Whoever was stopped for seconds in between may have been cleared away as empty.
  return read(file)?.text === content;
}

function look(file: string): Found {
  const found = read(file);
  if (found === undefined) return { state: 'free' };
  const holder = parseHolder(found.text);
  if (holder === undefined) {
    // It may just be being written, so only its age tells. A clock that was set back must not make it young for ever.
    return Math.abs(Date.now() - found.modifiedAtMs) > oldEnoughMs
      ? { state: 'stale' }
      : { state: 'held', holder: undefined, elsewhere: false };
  }
  const alive = isAlive(holder);
  return alive === false ? { state: 'stale' } : { state: 'held', holder, elsewhere: alive === 'unknown' };
}

function read(file: string): { readonly text: string; readonly modifiedAtMs: number } | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, readFlags);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw unreadable(file, errnoOf(error) ?? 'unknown error', error);
  }
  try {
    const facts = fstatSync(descriptor);
    if (!facts.isFile()) throw unreadable(file, 'not a regular file');
    const buffer = Buffer.alloc(maximumBytes);
    const bytes = readSync(descriptor, buffer, 0, maximumBytes, 0);
    return { text: buffer.toString('utf8', 0, bytes), modifiedAtMs: facts.mtimeMs };
  } finally {
    closeSync(descriptor);
  }
}

// Windows has neither of the two.
const optional: { readonly O_NOFOLLOW?: number; readonly O_NONBLOCK?: number } = constants;
const readFlags = constants.O_RDONLY | (optional.O_NOFOLLOW ?? 0) | (optional.O_NONBLOCK ?? 0);

function parseHolder(text: string): Holder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isHolder(value) ? value : undefined;
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, host, startTicks, boot, namespace, run, startedAt } = value as Partial<
    Record<keyof Holder, unknown>
  >;
  return (
    // 0 and negative numbers would mean whole groups of processes.
    Number.isInteger(pid) &&
    (pid as number) > 0 &&
    [host, run, startedAt].every((text) => typeof text === 'string') &&
    typeof startTicks === 'number' &&
    [boot, namespace].every((text) => text === undefined || typeof text === 'string')
  );
}

function heldLock(file: string, content: string): AsyncDisposable {
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- the interface asks for a promise
    async [Symbol.asyncDispose]() {
      try {
        if (read(file)?.text === content) unlinkSync(file);
      } catch (error) {
        // The next run finds that its writer is gone.
        log('the lock %s could not be removed: %s', file, errnoOf(error));
      }
    },
  };
}

function busy(file: string, holder: Holder | undefined, elsewhere: boolean): BackupError {
  const who =
    holder === undefined
      ? 'it has not said yet which process it is'
      : `process ${holder.pid} on ${printable(holder.host)}, since ${printable(holder.startedAt)}`;
  return new BackupError('BUSY', `Another backup of this node is running: ${who}`, {
    stage: 'plan',
    reason: 'locked',
    retryable: true,
    hint: elsewhere
      ? `If no backup is running on ${printable(holder?.host ?? '')} any more, remove ${file}.`
      : 'Try again when it has ended.',
  });
}

function unreadable(file: string, why: string, cause?: unknown): BackupError {
  return new BackupError(
    'BUSY',
    `Whether another backup of this node is running cannot be told: the lock ${file} cannot be read: ${why}`,
    {
      stage: 'plan',
      reason: 'lock-unreadable',
      hint: `Run the backup as the user who owns that file, or remove it if no backup is running.`,
      cause,
    },
  );
}

function notWritable(file: string, cause: unknown): BackupError {
  const code = errnoOf(cause) ?? 'unknown error';
  return new BackupError('IMAGE_WRITE_FAILED', `The lock ${file} cannot be created: ${code}`, {
    stage: 'plan',
    reason: 'lock-not-writable',
    hint: 'Check that this folder exists, can be written to, and has space left.',
    cause,
  });
}

// The file is somebody else's text, and this goes to a terminal.
function printable(text: string): string {
  return text.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
}
