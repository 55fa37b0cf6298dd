import { setTimeout as sleep } from 'node:timers/promises';
import { BackupError, isBackupError } from '../errors.js';
import { cancelled, throwIfCancelled } from '../support/abort.js';
import type { SinkContext } from './image-sink.js';

/** How often, after which pauses; see `RetryingSinkOptions`. */
export interface RetrySettings {
  readonly attempts: number;
  readonly delayMs: number;
  readonly random: () => number;
  /** Default: a timer. */
  readonly wait: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/** Calls an action until it succeeds, is refused, or has failed too often. */
export async function retry<T>(
  doing: string,
  context: SinkContext,
  { attempts, delayMs, random, wait = pause }: RetrySettings,
  action: () => Promise<T>,
): Promise<T> {
  let first: unknown;
  for (let attempt = 1; ; attempt++) {
    throwIfCancelled(context.signal, 'store');
    try {
      return await action();
    } catch (error) {
      if (isBackupError(error) && error.code === 'CANCELLED') throw error;
      first ??= error;
      if (attempt >= attempts || !isBackupError(error) || !error.retryable)
        throw summary(first, error, attempt);
      const ms = Math.round(delayMs * 2 ** (attempt - 1) * (0.5 + random()));
      context.log('%s failed (%s), try %d of %d in %d ms', doing, error.message, attempt + 1, attempts, ms);
      await wait(ms, context.signal).catch((reason: unknown) => {
        if (context.signal.aborted) throw cancelled(context.signal, 'store');
        throw reason;
      });
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}

/** The first error, which the later ones mostly follow from, with the last one's words. */
function summary(first: unknown, last: unknown, attempts: number): unknown {
  if (attempts === 1 || !isBackupError(first)) return first;
  const { code, stage, reason, component, retryable, cause } = first;
  const ending =
    last === first || (last as Error).message === first.message
      ? ''
      : `; finally: ${(last as Error).message}`;
  const hint = isBackupError(last) ? (last.hint ?? first.hint) : first.hint;
  const message = `${first.message} (${attempts} tries${ending})`;
  return new BackupError(code, message, { stage, reason, component, retryable, hint, cause });
}
