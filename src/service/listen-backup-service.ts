import {
  createServer as createPlainServer,
  type IncomingMessage,
  type Server as PlainServer,
  type ServerResponse,
} from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { BackupService } from './backup-service.js';

/**
 * Certificate and key of the service, PEM.
 *
 * @public
 */
export interface ServiceCertificate {
  /** The certificate, and those between it and its authority. */
  readonly certificate: string | Buffer;
  /** The key of the certificate. */
  readonly key: string | Buffer;
}

/**
 * Where and how {@link listenBackupService} listens.
 *
 * @public
 */
export interface ListenOptions extends ServiceCertificate {
  /** Default: 8443. */
  readonly port?: number | undefined;
  /**
   * A further port without TLS. Every request there is refused with `SSL required`, and recorded, unless the service trusts
   * a proxy in front of it. Default: none.
   */
  readonly plainPort?: number | undefined;
  /** Address to listen on. Default: every one. */
  readonly host?: string | undefined;
  /** Ask clients for a certificate; users with a registered one cannot log in otherwise. Default: true. */
  readonly requestClientCertificate?: boolean | undefined;
  /** Connections at once; those beyond it are closed at once. Default: 2048. */
  readonly maxConnections?: number | undefined;
  /** Limit for the TLS handshake and for the head of a request, each, in milliseconds. Default: 10 000. */
  readonly headersTimeoutMs?: number | undefined;
  /** Limit for a whole request, in milliseconds. Default: 30 000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long a connection may wait for its next request, in milliseconds. Default: 5000. */
  readonly keepAliveTimeoutMs?: number | undefined;
}

/**
 * A service that listens.
 *
 * @public
 */
export interface ListeningService {
  /** The port that it listens on. */
  readonly port: number;
  /** The port without TLS, when there is one. */
  readonly plainPort: number | undefined;
  /** For what this interface does not offer. */
  readonly server: Server;
  /** New connections get this certificate. Throws, and changes nothing, if certificate and key do not belong together. */
  setCertificate(certificate: ServiceCertificate): void;
  /**
   * Stops: no new connections, idle ones are closed, running answers have `graceMs` to end (default: 0), then they are cut.
   * Resolves when the last connection is closed and the last backup has cleaned up.
   */
  close(graceMs?: number): Promise<void>;
}

const connectionsCheckMs = 5000;
const maxHeaderBytes = 16 * 1024;

/**
 * Serves a {@link BackupService} over TLS, with limits for clients that are slow, many, or silent. Resolves when it listens.
 *
 * @example
 * ```ts
 * declare const service: BackupService;
 * declare const certificate: string, key: string;
 * const listening = await listenBackupService(service, { certificate, key, port: 8443 });
 * process.once('SIGTERM', () => void listening.close(10_000));
 * ```
 *
 * @public
 */
export async function listenBackupService(
  service: BackupService,
  options: ListenOptions,
): Promise<ListeningService> {
  const answers = new Set<Promise<void>>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const done = service(request, response).finally(() => answers.delete(done));
    answers.add(done);
  };
  const limits = connectionLimits(options);
  const server = createServer(
    {
      ...limits,
      cert: options.certificate,
      key: options.key,
      minVersion: 'TLSv1.2',
      requestCert: options.requestClientCertificate ?? true,
      // Registered certificates are compared by thumbprint; who signed them does not matter.
      rejectUnauthorized: false,
      handshakeTimeout: limits.headersTimeout,
    },
    answer,
  );
  const plain = options.plainPort === undefined ? undefined : createPlainServer(limits, answer);
  const servers = plain === undefined ? [server] : [server, plain];
  const connections = new Set<Socket>();
  for (const each of servers) {
    each.maxConnections = options.maxConnections ?? 2048;
    each.on('connect', refuseTunnel);
    watchConnections(each, connections);
  }
  const closeAll = async (graceMs: number): Promise<void> => {
    await Promise.all(servers.map((each) => close(each, connections, graceMs)));
    // An answer without a connection still has to clean up after its backup.
    await Promise.all(answers);
  };
  try {
    await listen(server, options.host, options.port ?? 8443);
    if (plain !== undefined) await listen(plain, options.host, options.plainPort ?? 0);
  } catch (error) {
    await closeAll(0);
    throw error;
  }
  return {
    port: portOf(server),
    plainPort: plain === undefined ? undefined : portOf(plain),
    server,
    setCertificate: ({ certificate, key }) => {
      server.setSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
    },
    close: (graceMs = 0) => closeAll(graceMs),
  };
}

function connectionLimits(options: ListenOptions) {
  const headersTimeout = options.headersTimeoutMs ?? 10_000;
  return {
    headersTimeout,
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 5000,
    connectionsCheckingInterval: Math.min(connectionsCheckMs, headersTimeout),
    maxHeaderSize: maxHeaderBytes,
    insecureHTTPParser: false,
    // A client that is switched off sends no word of it.
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    noDelay: true,
  };
}

/** CONNECT never becomes a request, so it gets its answer here. */
function refuseTunnel(_request: unknown, socket: Duplex): void {
  socket.on('error', () => undefined);
  socket.end(
    'HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Type: text/plain\r\nContent-Length: 22\r\n' +
      'Connection: close\r\n\r\n405 Method not allowed',
  );
}

/** Also those that have not finished their handshake, of which the HTTP server knows nothing. */
function watchConnections(server: NetServer, connections: Set<Socket>): void {
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
}

function listen(server: NetServer, host: string | undefined, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // A crowd of slow clients must not fill the queue in which a good one waits to be accepted.
    server.listen({ port, host, backlog: 4096 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: NetServer): number {
  return (server.address() as AddressInfo).port;
}

async function close(
  server: Server | PlainServer,
  connections: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    // Also of a server that never listened.
    server.close(() => {
      resolve();
    });
  });
  server.closeIdleConnections();
  const cut = (): void => {
    server.closeAllConnections();
    for (const socket of connections) socket.destroy();
  };
  const timer = setTimeout(cut, graceMs);
  try {
    await closed;
  } finally {
    clearTimeout(timer);
  }
}
