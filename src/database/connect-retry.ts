import { setTimeout as sleepFor } from 'node:timers/promises';
import { BackupError, isBackupError } from '../errors.js';
import { cancelled } from '../support/abort.js';

/** How a connection is tried again. */
export interface ConnectRetryOptions {
  /** Waits between attempts, in milliseconds, each ± 50 %. Default: 500, 1,000, 2,000. */
  readonly delaysMs?: readonly number[] | undefined;
  /** 0 to 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/**
 * Calls `attempt` again after failures that say `retryable`, until the delays are used up or the time is. The first
 * failure that cannot be helped by waiting, or the last one, is thrown.
 */
export async function retryConnecting<T>(
  attempt: (remainingMs: number) => Promise<T>,
  timeoutMs: number,
  signal: AbortSignal,
  { delaysMs = [500, 1000, 2000], random = Math.random }: ConnectRetryOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt(deadline - performance.now());
    } catch (error) {
      const delay = delaysMs[failures];
      if (delay === undefined || !isBackupError(error) || !error.retryable) throw error;
      const wait = delay * (0.5 + random());
      if (performance.now() + wait >= deadline) throw error;
      await pause(wait, signal);
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleepFor(ms, undefined, { signal });
  } catch (error) {
    if (signal.aborted) throw cancelled(signal, 'collect');
    throw new BackupError('INTERNAL', 'a wait was cut short', { stage: 'collect', cause: error });
  }
}
