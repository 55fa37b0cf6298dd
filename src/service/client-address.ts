import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Where a request comes from.
 *
 * @internal
 */
export interface ClientOrigin {
  readonly address: string;
  readonly host: string;
}

/**
 * The address at the other end of the connection, or the one that a proxy in front reports.
 *
 * @internal
 */
export function clientAddress(request: IncomingMessage, trustProxy: boolean): string {
  const peer = plainAddress(request.socket.remoteAddress ?? '');
  if (!trustProxy) return peer;
  // The last one was written by the proxy that is trusted; those before it may come from anybody.
  const reported = plainAddress(lastOf(request.headers['x-forwarded-for']));
  return isIP(reported) === 0 ? peer : reported;
}

/**
 * Whether the client's connection was encrypted.
 *
 * @internal
 */
export function isEncrypted(request: IncomingMessage, trustProxy: boolean): boolean {
  if ('encrypted' in request.socket && request.socket.encrypted === true) return true;
  if (!trustProxy) return false;
  // The embedder says that TLS ends in front of us; a proxy that knows better is believed.
  const scheme = lastOf(request.headers['x-forwarded-proto']).toLowerCase();
  return scheme === '' || scheme === 'https';
}

/** An IPv4 address as a dual-stack socket shows it, in its own form. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return (mapped?.[1] ?? address).replace(/%.*$/, '');
}

function lastOf(header: string | string[] | undefined): string {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  return text.slice(text.lastIndexOf(',') + 1).trim();
}
