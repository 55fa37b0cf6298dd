import { connect, type Socket } from 'node:net';
import { cancelled } from '../support/abort.js';

/** Where the server listens. */
export interface SocketTarget {
  readonly host: string;
  readonly port: number;
  readonly socketPath?: string | undefined;
}

/**
 * A connected socket. We own it, because the driver's own way to end a connection only half-closes: what the server still
 * has to say would keep coming.
 *
 * Rejects with the system's error, with one whose code is `ETIMEDOUT` at the time limit, or with `CANCELLED`.
 */
export async function openDatabaseSocket(
  target: SocketTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  if (signal.aborted) throw cancelled(signal, 'collect');
  const host = target.host.replace(/^\[(.*)\]$/, '$1');
  const socket =
    target.socketPath === undefined
      ? connect({ host, port: target.port, noDelay: true, keepAlive: true })
      : connect({ path: target.socketPath });
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      // Kept for the socket's life: an error after the promise has settled must not be an uncaught one.
      socket.on('error', reject);
      timer = setTimeout(() => {
        reject(Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' }));
      }, timeoutMs);
      onAbort = () => {
        reject(cancelled(signal, 'collect'));
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
    return socket;
  } catch (error) {
    socket.destroy();
    // Every address of a name was tried: the first failure speaks for all.
    throw error instanceof AggregateError && error.errors.length > 0 ? (error.errors[0] as Error) : error;
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
