import { BackupError } from '../errors.js';
import type { StagedImage } from '../image/staged-image.js';
import type { StoredImageReport } from '../report.js';
import type { ImageSink, StoredImage } from '../sinks/image-sink.js';
import { orAbandoned, throwIfCancelled } from '../support/abort.js';
import { traceStore } from '../support/tracing.js';
import type { EventEmitter } from './event-emitter.js';
import { sinkFailure } from './run-failure.js';
import { sinkContext } from './sink-context.js';

/** Whom storing tells what. */
export interface StoreImageOptions {
  readonly signal: AbortSignal;
  readonly emitter: EventEmitter;
  readonly warn: (message: string) => void;
}

/**
 * Hands the finished image to the sink. An image that the sink does not take is kept where it is, unless the sink says
 * otherwise.
 *
 * @throws BackupError The sink's, saying where the image was kept; `CANCELLED`.
 */
export async function storeImage(
  sink: ImageSink,
  image: StagedImage,
  { signal, emitter, warn }: StoreImageOptions,
): Promise<StoredImageReport> {
  try {
    const context = sinkContext(signal, {
      progress: (bytes) => {
        emitter.emit({ type: 'progress', stage: 'store', bytes, totalBytes: image.bytes });
      },
      warn,
    });
    const facts = { sink: sink.name, image: image.name, bytes: image.bytes };
    const answer: unknown = await traceStore(facts, () =>
      orAbandoned(Promise.resolve(sink.store(image, context)), signal, 'store'),
    );
    const stored = { path: pathOf(answer), bytes: image.bytes, sha256: image.sha256 };
    emitter.emit({ type: 'stored', image: stored });
    return stored;
  } catch (error) {
    throwIfCancelled(signal, 'store');
    const failure = sinkFailure(sink, error);
    if (sink.stagedOnFailure === 'discard') throw failure;
    // Hours of dumping are not thrown away for a password.
    const kept = await image.keep();
    throw new BackupError(failure.code, `${sentence(failure.message)} The image was kept: ${kept}`, {
      stage: 'store',
      reason: failure.reason,
      retryable: failure.retryable,
      hint: `Store ${kept} yourself, or remove it and back up again.`,
      cause: error,
    });
  }
}

function pathOf(answer: unknown): string {
  const { path } = (answer ?? {}) as Partial<StoredImage>;
  if (typeof path === 'string' && path !== '') return path;
  throw new TypeError('it did not answer { path }, so nobody knows where the image is');
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
