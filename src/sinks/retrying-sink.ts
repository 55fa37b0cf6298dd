import { setTimeout as sleep } from 'node:timers/promises';
import { BackupError, isBackupError } from '../errors.js';
import { cancelled, throwIfCancelled } from '../support/abort.js';
import type { ImageSink, SinkContext } from './image-sink.js';

/**
 * Options of {@link retryingSink}.
 *
 * @public
 */
export interface RetryingSinkOptions {
  /** Tries in all. Default: 3. */
  readonly attempts?: number | undefined;
  /** Pause before the second try, doubled before each further one, each ± 50 %. Default: 1000. */
  readonly delayMs?: number | undefined;
  /** A number from 0 up to 1, for the ± 50 %. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Waits, and rejects when the signal strikes. Default: a timer. */
  readonly wait?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/**
 * A sink that tries again, the whole image each time, after an error that says `retryable`; never after a refusal. When
 * all tries fail, the first error's code and reason stay.
 *
 * @example
 * ```ts
 * declare const sink: ImageSink;
 * await runBackup({ image: 'node1.zip' }, { sink: retryingSink(sink, { attempts: 5, delayMs: 2000 }) });
 * ```
 *
 * @public
 */
export function retryingSink(sink: ImageSink, options: RetryingSinkOptions = {}): ImageSink {
  const settings: Settings = {
    attempts: options.attempts ?? 3,
    delayMs: options.delayMs ?? 1000,
    random: options.random ?? Math.random,
    wait: options.wait ?? ((ms, signal) => sleep(ms, undefined, { signal })),
  };
  return {
    name: sink.name,
    stagingDirectory: sink.stagingDirectory,
    stagedOnFailure: sink.stagedOnFailure,
    prepare: (imageName, context) =>
      retry('preparing', context, settings, async () => sink.prepare?.(imageName, context)),
    store: (image, context) => retry('storing', context, settings, () => sink.store(image, context)),
  };
}

type Settings = { readonly [K in keyof RetryingSinkOptions]-?: NonNullable<RetryingSinkOptions[K]> };

async function retry<T>(
  doing: string,
  context: SinkContext,
  { attempts, delayMs, random, wait }: Settings,
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
