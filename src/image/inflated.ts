import { createGunzip, createInflateRaw } from 'node:zlib';

/** What decompressing came to; complete when {@link inflated} has ended. */
export interface InflateTally {
  /** Bytes given out. */
  bytes: number;
  /** Bytes of the input that the stream needed; fewer than there are when something follows its end. */
  consumed: number;
}

/** What {@link inflated} reads. */
export interface InflateOptions {
  readonly format: 'raw' | 'gzip';
  /** Throw beyond so many bytes of output. Default: no limit. */
  readonly maxBytes?: number | undefined;
}

/**
 * Decompresses chunks in constant memory. A gzip stream may have several members. Throws for damaged and for incomplete
 * input; stops where the stream ends, and `tally` says how much of the input that was.
 */
export async function* inflated(
  chunks: AsyncIterable<Uint8Array>,
  { format, maxBytes = Infinity }: InflateOptions,
  tally: InflateTally,
): AsyncGenerator<Buffer, void, undefined> {
  const inflate = format === 'raw' ? createInflateRaw(settings) : createGunzip(settings);
  // The writing side hears nothing any more once the stream has found its end before the input's.
  let wake: () => void = ignore;
  const stop = (): void => {
    wake();
  };
  inflate.on('end', stop).on('error', stop).on('close', stop);
  const feeding = (async () => {
    for await (const chunk of chunks) {
      if (inflate.readableEnded || inflate.destroyed) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        inflate.write(chunk, () => {
          resolve();
        });
      });
    }
    inflate.end();
  })();
  feeding.catch((error: unknown) => inflate.destroy(error as Error));
  try {
    for await (const content of inflate as AsyncIterable<Buffer>) {
      tally.bytes += content.length;
      if (tally.bytes > maxBytes) throw new Error(`it holds more than the ${maxBytes} bytes that it should`);
      yield content;
    }
    tally.consumed = inflate.bytesWritten;
  } finally {
    inflate.destroy();
    await feeding.catch(ignore);
  }
}

const settings = { chunkSize: 256 * 1024 };

function ignore(): void {
  // Thrown by the reading side.
}
