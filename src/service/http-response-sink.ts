import type { ServerResponse } from 'node:http';
import { BackupError } from '../errors.js';
import type { BackupImage, ImageSink, SinkContext, StoredImage } from '../sinks/image-sink.js';
import { attachmentName } from './attachment-name.js';
import { clientGone, sendBody } from './send-body.js';

/**
 * How an image goes out as a download.
 *
 * @public
 */
export interface HttpDownload {
  /** Shown by browsers. Reduced to `[A-Za-z0-9._-]`, `.zip` is added. */
  readonly name: string;
  /** Put between name and `.zip`, for example `-partial`. Default: none. */
  readonly mark?: string | undefined;
  /** Further headers. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Settings of a {@link HttpResponseSink}.
 *
 * @public
 */
export interface HttpResponseSinkOptions {
  /**
   * How the image goes out. A function is called when the image is whole, before anything was sent; what it throws refuses
   * the download.
   */
  readonly download: HttpDownload | ((image: BackupImage) => HttpDownload);
  /** How long the client may take nothing, in milliseconds. Default: 120 000. */
  readonly stalledClientMs?: number | undefined;
}

const defaultStalledClientMs = 120_000;

/**
 * Stores an image in an HTTP response. Nothing is sent before the image is whole and its first bytes are read, so until then
 * the caller can still answer with an error; after that a failure destroys the connection.
 *
 * Errors: `SINK_FAILED` with the reason `client-gone`, `client-stalled`, `image-unreadable` or `size-mismatch`.
 *
 * @example
 * ```ts
 * declare const response: import('node:http').ServerResponse;
 * const sink = new HttpResponseSink(response, { download: { name: 'Gateway1' } });
 * await runBackup({ image: 'Gateway1.zip' }, { sink });
 * ```
 *
 * @public
 */
export class HttpResponseSink implements ImageSink {
  /** For messages. */
  readonly name = 'http response';
  /** A download that failed is asked for again; nobody comes back for a staged image. */
  readonly stagedOnFailure = 'discard';
  readonly #response: ServerResponse;
  readonly #options: HttpResponseSinkOptions;

  constructor(response: ServerResponse, options: HttpResponseSinkOptions) {
    this.#response = response;
    this.#options = options;
  }

  /** The client is still there, and nothing was sent yet. */
  async prepare(): Promise<void> {
    if (this.#response.destroyed) throw clientGone();
    if (this.#response.headersSent) {
      throw new BackupError('SINK_REJECTED', 'The response has already been answered.', {
        stage: 'store',
        reason: 'response-used',
      });
    }
    return Promise.resolve();
  }

  /** Sends the image; resolves when the client has taken all of it. */
  async store(image: BackupImage, context: SinkContext): Promise<StoredImage> {
    const { download, stalledClientMs = defaultStalledClientMs } = this.#options;
    const { name, mark, headers } = typeof download === 'function' ? download(image) : download;
    const fileName = attachmentName(name, mark);
    const stream = image.open();
    try {
      const chunks = readable(stream);
      const first = await chunks.next();
      if (this.#response.destroyed || context.signal.aborted) throw clientGone(context.signal);
      this.#response.writeHead(200, {
        ...headers,
        'Content-Type': 'application/zip',
        'Content-Length': image.bytes,
        'Content-Disposition': `attachment; filename="${fileName}"; size=${image.bytes}`,
        'Accept-Ranges': 'none',
      });
      await sendBody(this.#response, rejoin(first, chunks), {
        bytes: image.bytes,
        stalledClientMs,
        signal: context.signal,
        progress: context.progress,
      });
    } finally {
      stream.destroy();
    }
    return { path: `http response ${fileName}` };
  }
}

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

async function* readable(source: AsyncIterable<unknown>): Chunks {
  try {
    for await (const chunk of source) yield chunk as Uint8Array;
  } catch (cause) {
    throw new BackupError('SINK_FAILED', 'The staged image could not be read.', {
      stage: 'store',
      reason: 'image-unreadable',
      cause,
    });
  }
}

async function* rejoin(first: IteratorResult<Uint8Array, void>, rest: Chunks): Chunks {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}
