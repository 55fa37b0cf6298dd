import { checkOptions, optionKinds } from '../options/option-checks.js';
import type { ImageSink, SinkContext } from './image-sink.js';
import type { RetrySettings } from './retry.js';

/**
 * Options of {@link retryingSink}.
 *
 * @public
 */
export interface RetryingSinkOptions {
  /** Tries in all, at least 1; `Infinity`: until it succeeds, is refused or cancelled. Default: 3. */
  readonly attempts?: number | undefined;
  /** Pause before the second try, in milliseconds, doubled before each further one, each ± 50 %. Default: 1000. */
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
 * @throws BackupError `INVALID_OPTIONS`, naming the option.
 * @public
 */
export function retryingSink(sink: ImageSink, options: RetryingSinkOptions = {}): ImageSink {
  checkOptions(options, retryOptions);
  const settings: RetrySettings = {
    attempts: options.attempts ?? 3,
    delayMs: options.delayMs ?? 1000,
    random: options.random ?? Math.random,
    wait: options.wait,
  };
  const trying = async <T>(doing: string, context: SinkContext, action: () => Promise<T>): Promise<T> => {
    // Loaded when it is needed, so that importing this package stays cheap.
    const { retry } = await import('./retry.js');
    return retry(doing, context, settings, action);
  };
  return {
    name: sink.name,
    stagingDirectory: sink.stagingDirectory,
    stagedOnFailure: sink.stagedOnFailure,
    prepare: (imageName, context) =>
      trying('preparing', context, async () => sink.prepare?.(imageName, context)),
    store: (image, context) => trying('storing', context, () => sink.store(image, context)),
  };
}

const retryOptions = {
  attempts: {
    is: (value: unknown): boolean =>
      value === Infinity || (Number.isInteger(value) && (value as number) >= 1),
    must: 'must be a whole number from 1 on, or Infinity',
  },
  delayMs: {
    is: (value: unknown): boolean => value === 0 || optionKinds.milliseconds.is(value),
    must: 'must be a number of milliseconds from 0 on',
  },
  random: optionKinds.function,
  wait: optionKinds.function,
} satisfies Record<keyof RetryingSinkOptions, unknown>;
