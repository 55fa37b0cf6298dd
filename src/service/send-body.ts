import type { ServerResponse } from 'node:http';
import { BackupError } from '../errors.js';

/**
 * How a body is sent.
 *
 * @internal
 */
export interface SendBodyOptions {
  /** The `Content-Length` that was announced. */
  readonly bytes: number;
  /** How long the client may take nothing, in milliseconds. */
  readonly stalledClientMs: number;
  readonly signal: AbortSignal;
  /** Called with the total so far. */
  readonly progress?: ((bytes: number) => void) | undefined;
}

/**
 * Sends a body at the client's pace and ends the response, if exactly the announced bytes came. In every other case it
 * throws, and the response is destroyed, so that the client's own check of the length fails: never a clean end.
 *
 * @internal
 */
export async function sendBody(
  response: ServerResponse,
  source: AsyncIterable<Uint8Array>,
  options: SendBodyOptions,
): Promise<void> {
  let sent = 0;
  try {
    for await (const chunk of source) {
      sent += chunk.length;
      if (sent > options.bytes) break;
      if (!response.write(chunk)) await until(response, 'drain', options);
      if (options.signal.aborted || response.destroyed) throw clientGone(options.signal);
      options.progress?.(sent);
    }
    if (sent !== options.bytes) {
      throw new BackupError(
        'SINK_FAILED',
        `The image has another size than the ${options.bytes} bytes announced.`,
        {
          stage: 'store',
          reason: 'size-mismatch',
        },
      );
    }
    response.end();
    if (!response.writableFinished) await until(response, 'finish', options);
  } catch (error) {
    response.destroy();
    throw error;
  }
}

/** The error for a client that is not there any more. */
export function clientGone(signal?: AbortSignal): BackupError {
  return new BackupError('SINK_FAILED', 'The client closed the connection.', {
    stage: 'store',
    reason: 'client-gone',
    cause: signal?.reason,
  });
}

function until(
  response: ServerResponse,
  event: 'drain' | 'finish',
  { stalledClientMs, signal }: SendBodyOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: BackupError): void => {
      clearTimeout(timer);
      response.off(event, done).off('close', gone).off('error', gone);
      signal.removeEventListener('abort', gone);
      if (error === undefined) resolve();
      else reject(error);
    };
    const done = (): void => {
      settle();
    };
    const gone = (): void => {
      settle(clientGone(signal));
    };
    const timer = setTimeout(() => {
      settle(
        new BackupError('SINK_FAILED', `The client took nothing for ${stalledClientMs} ms.`, {
          stage: 'store',
          reason: 'client-stalled',
        }),
      );
    }, stalledClientMs);
    response.on(event, done).on('close', gone).on('error', gone);
    signal.addEventListener('abort', gone);
    if (signal.aborted || response.destroyed) gone();
  });
}
