import { BackupError, isBackupError, type BackupStage } from '../errors.js';

/**
 * Mixed into the options of every asynchronous call.
 *
 * @public
 */
export interface AbortableOptions {
  /**
   * Cancels the call, which then rejects with a `BackupError` whose code is `CANCELLED` and whose `cause` is the
   * signal's reason. A signal that is already aborted means that nothing is touched. Afterwards the signal has no
   * listener of ours.
   */
  readonly signal?: AbortSignal | undefined;
}

/** The error for an aborted signal: the first reason stays and becomes the cause. */
export function cancelled(signal: AbortSignal, stage: BackupStage): BackupError {
  if (isBackupError(signal.reason) && signal.reason.code === 'CANCELLED') return signal.reason;
  return new BackupError('CANCELLED', 'The backup was cancelled.', { stage, cause: signal.reason });
}

/** Throws {@link cancelled} if the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined, stage: BackupStage): void {
  if (signal?.aborted === true) throw cancelled(signal, stage);
}

const GRACE_MS = 5000;

/**
 * Waits for work that somebody else wrote. When the signal strikes it may still clean up for a while; work that ignores
 * the signal is then left to itself.
 */
export async function orAbandoned<T>(work: Promise<T>, signal: AbortSignal, stage: BackupStage): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let giveUp: () => void = () => undefined;
  const abandoned = new Promise<never>((_, reject) => {
    giveUp = () => {
      timer = setTimeout(() => {
        reject(cancelled(signal, stage));
      }, GRACE_MS);
    };
  });
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, abandoned]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}
