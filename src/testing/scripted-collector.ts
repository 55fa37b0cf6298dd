import { once } from 'node:events';
import type {
  Applicability,
  CollectorContext,
  ComponentCollector,
} from '../collectors/component-collector.js';
import { BackupError } from '../errors.js';
import { bytesEntry, type ImageEntry } from '../image/image-entry.js';
import { throwIfCancelled } from '../support/abort.js';

/**
 * One step of a {@link scriptedCollector}:
 *
 * - `entry`: an entry with this path and content;
 * - `entry` with `fail`: one whose content breaks off with this error after what `content` says;
 * - `fail` alone: the collector itself throws;
 * - `hang`: nothing more comes until the run is cancelled;
 * - `act`: whatever the test wants to happen at that moment.
 *
 * @public
 */
export type ScriptedStep =
  | { readonly entry: string; readonly content: string | Uint8Array; readonly fail?: Error | undefined }
  | { readonly fail: Error }
  | { readonly hang: true }
  | { readonly act: (context: CollectorContext) => unknown };

/**
 * What else a {@link scriptedCollector} says of itself.
 *
 * @public
 */
export interface ScriptedCollectorOptions {
  /** Default: it applies. */
  readonly applicability?: Applicability | undefined;
  /** What `estimate` gives. Default: no estimate. */
  readonly estimatedBytes?: number | undefined;
}

/**
 * A collector that does exactly what a test wants, step by step, the same at every call.
 *
 * @example
 * ```ts
 * const site = scriptedCollector('site', [
 *   { entry: 'whole.txt', content: 'all of it' },
 *   { entry: 'torn.txt', content: 'the first ha', fail: new Error('the disk broke') },
 * ]);
 * ```
 *
 * @public
 */
export function scriptedCollector(
  component: string,
  steps: readonly ScriptedStep[],
  options: ScriptedCollectorOptions = {},
): ComponentCollector {
  const { estimatedBytes, applicability = { applies: true } } = options;
  return {
    component,
    applicability: () => applicability,
    async *collect(context) {
      for (const step of steps) {
        throwIfCancelled(context.signal, 'collect');
        if ('entry' in step) yield scriptedEntry(step);
        else if ('fail' in step) throw step.fail;
        else if ('act' in step) await step.act(context);
        else await cancellation(context.signal);
      }
    },
    ...(estimatedBytes === undefined ? {} : { estimate: () => Promise.resolve(estimatedBytes) }),
  };
}

/**
 * How a {@link failingCollector} fails.
 *
 * @public
 */
export interface FailingCollectorOptions {
  /** What it throws. Default: a `BackupError` `SOURCE_UNREADABLE`, which is not retryable. */
  readonly error?: Error | undefined;
  /** Whole entries before the failure. Default: 0. */
  readonly afterEntries?: number | undefined;
  /** Whether it fails inside an entry, after a megabyte of its content, or between two. Default: between. */
  readonly insideEntry?: boolean | undefined;
}

/**
 * A collector that fails.
 *
 * @example
 * ```ts
 * const collectors = [...defaultCollectors(), failingCollector('site', { afterEntries: 2 })];
 * ```
 *
 * @public
 */
export function failingCollector(
  component: string,
  options: FailingCollectorOptions = {},
): ComponentCollector {
  const fail =
    options.error ??
    new BackupError('SOURCE_UNREADABLE', `${component} was made to fail`, { stage: 'collect', component });
  const whole = Array.from({ length: options.afterEntries ?? 0 }, (_, index) => ({
    entry: `entry-${index}.txt`,
    content: `content of entry ${index}\n`,
  }));
  const last =
    options.insideEntry === true
      ? { entry: 'broken.bin', content: Buffer.alloc(2 ** 20, 'x'), fail }
      : { fail };
  return scriptedCollector(component, [...whole, last]);
}

function scriptedEntry(step: {
  readonly entry: string;
  readonly content: string | Uint8Array;
  readonly fail?: Error | undefined;
}): ImageEntry {
  const { fail } = step;
  if (fail === undefined) return bytesEntry(step.entry, step.content);
  return {
    path: step.entry,
    // eslint-disable-next-line @typescript-eslint/require-await -- a generator with nothing to wait for
    async *open() {
      yield Buffer.from(step.content as Uint8Array);
      throw fail;
    },
  };
}

async function cancellation(signal: AbortSignal): Promise<never> {
  // Keeps the process running: the timer of AbortSignal.timeout does not.
  const alive = setInterval(() => undefined, 60_000);
  try {
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    clearInterval(alive);
  }
  throwIfCancelled(signal, 'collect');
  throw new BackupError('INTERNAL', 'unreachable: an aborted signal is cancelled', { stage: 'collect' });
}
