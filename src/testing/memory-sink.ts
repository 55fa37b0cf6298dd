import { BackupError } from '../errors.js';
import type { BackupImage, ImageSink, SinkContext, StoredImage } from '../sinks/image-sink.js';
import { cancelled, throwIfCancelled } from '../support/abort.js';

/**
 * How a {@link MemorySink} behaves.
 *
 * @public
 */
export interface MemorySinkOptions {
  /** Thrown by `store`, one for each call, before anything is stored; then it succeeds. Default: none. */
  readonly failures?: readonly Error[] | undefined;
  /** Thrown by every `prepare`. Default: none. */
  readonly refusal?: Error | undefined;
}

/**
 * Keeps images in memory: for tests of what makes them. Only for images that fit there.
 *
 * @example
 * ```ts
 * await using gateway = await createSampleGateway();
 * const { gatewayRoot, hostRoot } = gateway;
 * const sink = new MemorySink();
 * await runBackup({ image: 'node1.zip' }, { gatewayRoot, hostRoot, sink });
 * const [zip] = sink.images.values();
 * ```
 *
 * @public
 */
export class MemorySink implements ImageSink {
  /** For messages. */
  readonly name = 'memory';
  /** Nobody looks for a staged image after a test. */
  readonly stagedOnFailure = 'discard';
  readonly #images = new Map<string, Buffer>();
  readonly #failures: Error[];
  readonly #refusal: Error | undefined;
  #storeCalls = 0;

  constructor(options: MemorySinkOptions = {}) {
    this.#failures = [...(options.failures ?? [])];
    this.#refusal = options.refusal;
  }

  /** The images stored so far, by their stored path. */
  get images(): ReadonlyMap<string, Buffer> {
    return this.#images;
  }

  /** How often `store` was called. */
  get storeCalls(): number {
    return this.#storeCalls;
  }

  /** Refuses a name that is taken, and everything when it was told to. */
  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must be a rejection
  async prepare(imageName: string, { signal }: SinkContext): Promise<void> {
    throwIfCancelled(signal, 'store');
    if (this.#refusal !== undefined) throw this.#refusal;
    this.#refuseTaken(imageName);
  }

  /** Reads the whole image and keeps it, unless it was told to fail. */
  async store(image: BackupImage, { signal, progress }: SinkContext): Promise<StoredImage> {
    throwIfCancelled(signal, 'store');
    this.#storeCalls += 1;
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
    this.#refuseTaken(image.name);
    const chunks: Buffer[] = [];
    let bytes = 0;
    const source = image.open();
    const onAbort = () => source.destroy(cancelled(signal, 'store'));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        bytes += chunk.length;
        progress(bytes);
      }
      throwIfCancelled(signal, 'store');
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    this.#images.set(image.name, Buffer.concat(chunks));
    return { path: image.name };
  }

  #refuseTaken(name: string): void {
    if (!this.#images.has(name)) return;
    throw new BackupError('SINK_REJECTED', `an image named ${name} is there already`, {
      stage: 'store',
      reason: 'name-taken',
    });
  }
}
