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
export async function* abortable<T>(
  iterable: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  const iterator = iterable[Symbol.asyncIterator]();
  let waiting: ((reason: Error) => void) | undefined;
  const onAbort = (): void => waiting?.(cancelled(signal!, 'collect'));
  signal?.addEventListener('abort', onAbort, { once: true });
  let ended = false;
  try {
    for (;;) {
      if (signal?.aborted === true) throw cancelled(signal, 'collect');
      // A promise of its own for each step: racing against one long-lived promise would pile up reactions on it.
      const step = await new Promise<IteratorResult<T>>((resolve, reject) => {
        waiting = reject;
        iterator.next().then(resolve, reject);
      });
      if (step.done === true) {
        ended = true;
        return;
      }
      yield step.value;
    }
  } catch (error) {
    ended = signal?.aborted !== true;
    if (signal?.aborted === true) throw cancelled(signal, 'collect');
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    if (!ended) {
      const returned = iterator.return?.();
      // A generator that hangs in its own await answers only when that ends, perhaps never.
      if (signal?.aborted === true) returned?.then(ignore, ignore);
      else await returned;
    }
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
