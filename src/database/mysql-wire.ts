import type { Connection, ConnectionOptions } from 'mysql2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isBackupError } from '../errors.js';
import { cancelled } from '../support/abort.js';
import { connectError, type DatabaseAddress } from './database-errors.js';
import type { DatabaseSessionConfig } from './database-session-config.js';
import { openDatabaseSocket } from './database-socket.js';

/** Default limit for reaching the server and logging in. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** A login is a few hundred bytes, its longest part a public key. */
const MAX_HANDSHAKE_BYTES = 256 * 1024;

/** The driver's connection, logged in, together with the socket below it, which is ours. */
export interface MysqlWire {
  readonly connection: Connection;
  readonly socket: Socket;
  /** Where clear bytes arrive: the socket, or the TLS stream on it. */
  readonly clear: Duplex;
  /** Hard: nothing more is sent or read. */
  readonly destroy: () => void;
}

/**
 * One attempt: a socket, the driver on it, the login.
 *
 * @throws BackupError `DATABASE_UNAVAILABLE` with a `reason`, or `CANCELLED`.
 */
export async function connectWire(
  config: DatabaseSessionConfig,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<MysqlWire> {
  const started = performance.now();
  try {
    const socket = await openDatabaseSocket(config, timeoutMs, signal);
    return await logIn(config, socket, timeoutMs - (performance.now() - started), signal);
  } catch (error) {
    if (isBackupError(error)) throw error;
    throw connectError(error, addressOf(config));
  }
}

async function logIn(
  config: DatabaseSessionConfig,
  socket: Socket,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<MysqlWire> {
  // Loaded when needed: who only plans or verifies does not pay for the driver.
  const { authPlugins, createConnection } = await import('mysql2');
  const onAbort = (): void => {
    socket.destroy();
  };
  let received = 0;
  const onData = (chunk: Buffer): void => {
    received += chunk.length;
    if (received > MAX_HANDSHAKE_BYTES) {
      socket.destroy(Object.assign(new Error('an endless greeting'), { code: 'PROTOCOL_VIOLATION' }));
    }
  };
  socket.on('data', onData);
  const connection = createConnection({
    ...driverOptions(config, socket, timeoutMs),
    ...(isSameMachine(config, socket)
      ? {}
      : {
          authPlugins: {
            caching_sha2_password: authPlugins.caching_sha2_password({ onServerPublicKey: refusePublicKey }),
            sha256_password: authPlugins.sha256_password({ onServerPublicKey: refusePublicKey }),
          },
        }),
  });
  try {
    await new Promise<void>((resolve, reject) => {
      connection.on('error', reject);
      socket.once('close', () => {
        reject(Object.assign(new Error('closed'), { code: 'PROTOCOL_CONNECTION_LOST' }));
      });
      signal.addEventListener('abort', onAbort, { once: true });
      connection.connect((error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    // Under TLS the driver reads from a stream of its own making; only that one shows clear bytes.
    const { stream } = connection as Connection & { readonly stream?: Duplex | undefined };
    const clear = stream ?? socket;
    const destroy = (): void => {
      clear.destroy();
      socket.destroy();
    };
    return { connection, socket, clear, destroy };
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? cancelled(signal, 'collect') : error;
  } finally {
    socket.off('data', onData);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Whether what we send can be heard, and answered, by somebody between us and the server. */
function isSameMachine(
  { socketPath }: DatabaseSessionConfig,
  { remoteAddress, localAddress }: Socket,
): boolean {
  return socketPath !== undefined || remoteAddress === localAddress;
}

/** Over a network without TLS, whoever answers could hand us a key of his own and read the password. */
function refusePublicKey(): void {
  throw new Error('a public key that came unprotected over the network is not trusted');
}

function driverOptions(config: DatabaseSessionConfig, socket: Socket, timeoutMs: number): ConnectionOptions {
  const { tls } = config;
  return {
    stream: socket,
    host: config.host,
    port: config.port,
    // Tells the driver that nobody can listen in, so that it needs no public key of the server.
    ...(config.socketPath === undefined ? {} : { socketPath: config.socketPath }),
    user: config.user,
    password: config.password.reveal(),
    database: config.name,
    charset: 'UTF8MB4_GENERAL_CI',
    connectTimeout: Math.max(1, Math.ceil(timeoutMs)),
    multipleStatements: false,
    // A server that asks for a local file gets none, and no session mode is changed behind our back.
    flags: ['-LOCAL_FILES', '-IGNORE_SPACE', '-ODBC', '-FOUND_ROWS'],
    ...(tls === undefined
      ? {}
      : {
          ssl: {
            ...(tls.ca === undefined ? {} : { ca: tls.ca as string | Buffer | string[] | Buffer[] }),
            ...(tls.cert === undefined ? {} : { cert: tls.cert }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
            rejectUnauthorized: tls.rejectUnauthorized ?? true,
            verifyIdentity: tls.verifyIdentity ?? tls.rejectUnauthorized ?? true,
          },
        }),
  };
}

function addressOf({ host, port, name, user, socketPath }: DatabaseSessionConfig): DatabaseAddress {
  return { host, port, name, user, socketPath };
}
