import { Readable } from 'node:stream';
import { cancelled } from '../support/abort.js';
import { blockPool } from './block-pool.js';
import type { ImageContent, ImageEntry } from './image-entry.js';

/** Content up to this size is read whole before it is compressed. */
export const WHOLE_BYTES = 1024 * 1024;

/** What was found in an entry: all of it, or a stream because there is more than {@link WHOLE_BYTES}. */
export type EntryContent =
  | { readonly whole: Uint8Array }
  | {
      readonly stream: AsyncIterable<Uint8Array>;
      /** Closes the source, read or not. */ close(): Promise<unknown>;
    };

/**
 * Opens an entry and reads it, if it is small, to its end. Whoever gets a stream has to close it.
 * `undefined`: the entry's source is gone.
 */
export async function openEntry(
  entry: ImageEntry,
  signal: AbortSignal | undefined,
): Promise<EntryContent | undefined> {
  const content = await openContent(entry, signal);
  if (content === undefined) return undefined;
  if (typeof content !== 'object' || !(Symbol.asyncIterator in content)) {
    throw new TypeError(`the content of ${entry.path} has to be a stream or an async iterable of bytes`);
  }
  const source = readSource(content, signal);
  const head: Uint8Array[] = [];
  let bytes = 0;
  // Not `for await`, which would close the source when it is left.
  for (let step = await source.next(); step.done !== true; step = await source.next()) {
    head.push(step.value);
    bytes += step.value.length;
    if (bytes > WHOLE_BYTES) return { stream: chain(head, source), close: () => source.return() };
  }
  const whole = head.length === 1 ? Buffer.from(head[0]!) : Buffer.concat(head, bytes);
  for (const chunk of head) blockPool.release(chunk);
  return { whole };
}

/**
 * The chunks of a source. Its owner: closes it in every case, hears its errors even while nobody reads, and frees a
 * reader that waits on a source which gives nothing when the signal is aborted. A source that breaks throws its own error.
 */
export async function* readSource(
  content: ImageContent,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = content instanceof Readable ? content : undefined;
  // A stream that fails before it is read, or after, must not bring the process down.
  stream?.on('error', ignore);
  try {
    for await (const chunk of abortable<unknown>(content, signal)) {
      if (!(chunk instanceof Uint8Array)) {
        throw new TypeError(`an entry's content must be chunks of bytes, not ${typeof chunk}`);
      }
      if (chunk.length > 0) yield chunk;
    }
  } finally {
    stream?.destroy();
  }
}

/** Anything iterable, left at once with `CANCELLED` when the signal is aborted, even while it hangs. */
export function abortable<T>(
  iterable: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<T, void, undefined> {
  return new AbortableIterator(iterable[Symbol.asyncIterator](), signal);
}

/** Not a generator, whose own bookkeeping would be felt with tens of thousands of entries. */
class AbortableIterator<T> implements AsyncIterableIterator<T, void, undefined> {
  readonly #iterator: AsyncIterator<T>;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  #waiting: ((reason: Error) => void) | undefined;
  #ended = false;

  constructor(iterator: AsyncIterator<T>, signal: AbortSignal | undefined) {
    this.#iterator = iterator;
    this.#signal = signal;
    this.#onAbort = () => this.#waiting?.(cancelled(signal!, 'collect'));
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    // A promise of its own for each step: racing against one long-lived promise would pile up reactions on it.
    return new Promise<IteratorResult<T, void>>((resolve, reject) => {
      const fail = (error: unknown): void => {
        // What the iterator answers after it was left is of no interest.
        if (this.#ended) return;
        this.#settle();
        if (this.#signal?.aborted !== true) {
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the source's own, whatever it is
          reject(error);
          return;
        }
        this.#leave();
        reject(cancelled(this.#signal, 'collect'));
      };
      if (this.#signal?.aborted === true) {
        fail(undefined);
        return;
      }
      this.#waiting = fail;
      this.#iterator.next().then((step) => {
        if (step.done === true) this.#settle();
        resolve(step as IteratorResult<T, void>);
      }, fail);
    });
  }

  async return(): Promise<IteratorResult<T, void>> {
    if (!this.#ended) {
      this.#settle();
      if (this.#signal?.aborted === true) this.#leave();
      else await this.#iterator.return?.();
    }
    return { done: true, value: undefined };
  }

  #settle(): void {
    this.#ended = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Not waited for: a generator that hangs in its own await answers only when that ends, perhaps never. */
  #leave(): void {
    this.#iterator.return?.().then(ignore, ignore);
  }
}

async function openContent(
  entry: ImageEntry,
  signal: AbortSignal | undefined,
): Promise<ImageContent | undefined> {
  const opened = entry.open();
  if (!(opened instanceof Promise) || signal === undefined) return opened;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(cancelled(signal, 'collect'));
      opened.then(discard, ignore);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    opened
      .then((content) => {
        if (signal.aborted) discard(content);
        else resolve(content);
      }, reject)
      .finally(() => {
        signal.removeEventListener('abort', onAbort);
      });
    if (signal.aborted) onAbort();
  });
}

async function* chain(
  head: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* head;
  yield* rest;
}

function discard(content: ImageContent | undefined): void {
  if (content === undefined) return;
  if (content instanceof Readable) {
    content.on('error', ignore);
    content.destroy();
  } else {
    content[Symbol.asyncIterator]().return?.().then(ignore, ignore);
  }
}

function ignore(): void {
  // The first error is on its way already.
}
