import type { Connection, ConnectionOptions, QueryError } from 'mysql2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isBackupError, type BackupError } from '../errors.js';
import type { Secret } from '../secrets/secret.js';
import { cancelled, type AbortableOptions } from '../support/abort.js';
import { logFor } from '../support/log.js';
import { CLOSING_MS, within } from './closing-time.js';
import { retryConnecting, type ConnectRetryOptions } from './connect-retry.js';
import type { DatabaseConnectionOptions } from './database-connection-options.js';
import type { StatementValue } from './gateway-database.js';
import {
  brokenConnection,
  connectError,
  connectionLost,
  protocolViolation,
  queryError,
  rowTooLarge,
  serverSilent,
  sessionDefect,
  type DatabaseAddress,
} from './database-errors.js';
import type { OpenDatabaseSession, RawValue } from './database-session.js';
import { openDatabaseSocket } from './database-socket.js';
import type { DumpableSession, ResultFlow, ResultReader, SnapshotFacts } from './dumpable-session.js';
import { pulledRows } from './pulled-rows.js';
import { failedFlow, Flow } from './result-flow.js';
import { sessionSettings, snapshotStatements } from './session-settings.js';

/**
 * Which database to open, and how.
 *
 * @public
 */
export interface DatabaseSessionConfig extends DatabaseConnectionOptions {
  /** Name or address of the server. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** Name of the database. */
  readonly name: string;
  /** The account that logs in. */
  readonly user: string;
  /** Its password. */
  readonly password: Secret;
}

const log = logFor('database');
/** Column definitions and small answers; a row may be larger. */
const MAX_PREAMBLE_BYTES = 4 * 1024 * 1024;
/** A login is a few hundred bytes, its longest part a public key. */
const MAX_HANDSHAKE_BYTES = 256 * 1024;
const DEFAULT_MAX_ROW_BYTES = 128 * 1024 * 1024;

/** `openDatabaseSession` with all that a dump needs. */
export async function openMysqlSession(
  config: DatabaseSessionConfig & { readonly retry?: ConnectRetryOptions | undefined },
  { signal = new AbortController().signal }: AbortableOptions = {},
): Promise<MysqlSession> {
  const timeoutMs = config.connectTimeoutMs ?? 10_000;
  const wire = await retryConnecting(
    (remainingMs) => connectWire(config, remainingMs, signal),
    timeoutMs,
    signal,
    config.retry,
  );
  const session = new MysqlSession(config, wire, signal);
  try {
    await session.begin();
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** A driver's connection together with the socket below it. */
interface Wire {
  readonly connection: Connection;
  readonly socket: Socket;
  /** Where clear bytes arrive: the socket, or the TLS stream on it. */
  readonly clear: Duplex;
}

/** One connection to MySQL or MariaDB inside one consistent, read-only snapshot. Values are the server's bytes. */
export class MysqlSession implements DumpableSession, OpenDatabaseSession {
  readonly databaseName: string;
  readonly #config: DatabaseSessionConfig;
  readonly #signal: AbortSignal;
  readonly #wire: Wire;
  readonly #onAbort: () => void;
  readonly #idleTimer: NodeJS.Timeout;
  readonly #idleTimeoutMs: number;
  readonly #maxRowBytes: number;
  #serverVersion = '';
  #snapshot: SnapshotFacts = { number: 0, takenAt: '' };
  #flow: Flow | undefined;
  /** Why nothing can be asked any more. The first reason stays. */
  #ended: BackupError | undefined;
  #stopping: Promise<void> | undefined;
  /** Bytes since the driver last made something of them. */
  #undigested = 0;
  #waiting = false;

  constructor(config: DatabaseSessionConfig, wire: Wire, signal: AbortSignal) {
    this.databaseName = config.name;
    this.#config = config;
    this.#signal = signal;
    this.#wire = wire;
    this.#idleTimeoutMs = config.idleTimeoutMs ?? 120_000;
    this.#maxRowBytes = config.maxRowBytes ?? DEFAULT_MAX_ROW_BYTES;
    this.#idleTimer = setTimeout(() => {
      if (this.#waiting) this.#end(serverSilent(this.#idleTimeoutMs));
    }, this.#idleTimeoutMs);
    this.#idleTimer.unref();
    this.#onAbort = () => {
      this.#end(cancelled(signal, 'collect'));
    };
    signal.addEventListener('abort', this.#onAbort, { once: true });
    wire.clear.on('data', (chunk: Buffer) => {
      this.#onBytes(chunk.length);
    });
    // Whatever ends the connection, it ends here: a lost connection reaches no query of the driver.
    wire.connection.on('error', (error: QueryError) => {
      this.#end(brokenConnection(error));
    });
    wire.socket.once('close', () => {
      this.#end(connectionLost(undefined));
    });
    if (signal.aborted) this.#onAbort();
  }

  get serverVersion(): string {
    return this.#serverVersion;
  }

  get flavour(): 'mysql' | 'mariadb' {
    return /mariadb/i.test(this.#serverVersion) ? 'mariadb' : 'mysql';
  }

  get snapshot(): SnapshotFacts {
    return this.#snapshot;
  }

  /** False once the connection is lost or closed: open another session. */
  get usable(): boolean {
    return this.#ended === undefined;
  }

  async query(sql: string): Promise<readonly (readonly RawValue[])[]> {
    const rows: (readonly RawValue[])[] = [];
    await this.readResult(sql, { onRow: (row) => rows.push(row) }).ended;
    return rows;
  }

  rows(sql: string): AsyncIterable<readonly RawValue[]> {
    return pulledRows((reader) => this.readResult(sql, reader));
  }

  readResult(sql: string, reader: ResultReader): ResultFlow {
    if (this.#ended !== undefined) return failedFlow(this.#ended);
    if (this.#flow !== undefined) {
      return failedFlow(
        sessionDefect('a database session was asked a second question while the first was open'),
      );
    }
    const flow = new Flow({
      pause: () => {
        this.#wait(false);
        this.#wire.connection.pause();
      },
      resume: () => {
        this.#wait(true);
        this.#wire.connection.resume();
      },
      stopStatement: () => this.#stopStatement(),
      abandon: (error) => {
        this.#end(error);
      },
      over: () => {
        this.#wait(false);
        this.#flow = undefined;
      },
    });
    this.#flow = flow;
    this.#undigested = 0;
    this.#wait(true);
    // A question that is asked while the connection is paused is never sent.
    this.#wire.connection.resume();
    let results = 0;
    this.#wire.connection
      .query({ sql, rowsAsArray: true, typeCast: false })
      .on('fields', (fields: readonly unknown[] | undefined) => {
        this.#undigested = 0;
        results += 1;
        if (results > 1) this.#end(protocolViolation('sent two results for one question'));
        else if (fields !== undefined) flow.guard(() => reader.onColumns?.(fields.length));
      })
      .on('result', (row: unknown) => {
        this.#undigested = 0;
        // Anything else is the plain OK of a statement without a result.
        if (Array.isArray(row)) flow.row(reader, row as RawValue[]);
      })
      .on('error', (error: unknown) => {
        flow.settle(queryError(error));
      })
      .on('end', () => {
        flow.settle(undefined);
      });
    return flow;
  }

  async begin(): Promise<void> {
    const [row] = await this.query('SELECT VERSION()');
    this.#serverVersion = row?.[0]?.toString('utf8') ?? '';
    for (const statement of sessionSettings(this.flavour, this.#serverVersion)) await this.query(statement);
    await this.renewSnapshot();
  }

  async renewSnapshot(): Promise<void> {
    for (const statement of snapshotStatements) await this.query(statement);
    const [row] = await this.query('SELECT UTC_TIMESTAMP(6)');
    this.#snapshot = { number: this.#snapshot.number + 1, takenAt: row?.[0]?.toString('latin1') ?? '' };
    log(
      'snapshot %d of %s taken at %s UTC',
      this.#snapshot.number,
      this.databaseName,
      this.#snapshot.takenAt,
    );
  }

  /** Ends the session, in good order if it can be done within 1.5 s. Never throws; may be called again. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort);
    if (this.#ended === undefined) {
      const { connection, socket } = this.#wire;
      const open = this.#flow !== undefined;
      this.#endQuietly(sessionDefect('this database session is closed'), open);
      if (!open) {
        connection.resume();
        await within(CLOSING_MS, (done) => {
          socket.once('close', done);
          connection.end();
        });
      }
    }
    this.#destroy();
    await this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onBytes(bytes: number): void {
    this.#idleTimer.refresh();
    this.#undigested += bytes;
    if (this.#undigested <= MAX_PREAMBLE_BYTES) return;
    if (this.#flow?.hasColumns !== true) this.#end(protocolViolation('sent an endless answer'));
    else if (this.#undigested > this.#maxRowBytes) this.#end(rowTooLarge(this.#maxRowBytes));
  }

  #wait(waiting: boolean): void {
    this.#waiting = waiting;
    if (waiting) this.#idleTimer.refresh();
  }

  /** Hard: nothing more is read, and the server is told to stop. */
  #end(error: BackupError): void {
    if (this.#ended !== undefined) return;
    log('session ended: %s', error.reason ?? error.code);
    this.#endQuietly(error, error.reason !== 'connection-lost');
    this.#destroy();
  }

  #endQuietly(error: BackupError, stopStatement: boolean): void {
    this.#ended = error;
    this.#signal.removeEventListener('abort', this.#onAbort);
    const flow = this.#flow;
    clearTimeout(this.#idleTimer);
    if (flow === undefined) return;
    flow.settle(error);
    // The server notices a gone client only when it next writes; a statement that computes or waits goes on.
    if (stopStatement) this.#stopping = this.#stopStatement();
  }

  #destroy(): void {
    this.#wire.clear.destroy();
    this.#wire.socket.destroy();
  }

  async #stopStatement(): Promise<void> {
    const { threadId } = this.#wire.connection;
    if (!Number.isSafeInteger(threadId)) return;
    const never = new AbortController();
    try {
      const wire = await connectWire(this.#config, CLOSING_MS, never.signal);
      try {
        await within(CLOSING_MS, (done) => {
          wire.connection.on('error', done);
          wire.connection.query(`KILL QUERY ${threadId}`).on('error', done).on('end', done);
        });
      } finally {
        wire.clear.destroy();
        wire.socket.destroy();
      }
    } catch (error) {
      // Best effort: our own connection is gone already, so the server will notice by itself, later.
      log('could not stop our statement: %s', isBackupError(error) ? error.reason : 'unknown error');
    }
  }
}

/**
 * A connection for small prepared statements, outside any snapshot.
 *
 * @internal
 */
export interface PlainConnection {
  /** False once the connection is lost. */
  readonly usable: boolean;
  /** A small result, every value as text. @throws BackupError `DATABASE_UNAVAILABLE` */
  execute(sql: string, values: readonly StatementValue[]): Promise<readonly (readonly (string | null)[])[]>;
  /** Ends it at once; what is under way fails, and what was not committed is undone. */
  destroy(): void;
}

/**
 * Connects to the main database without a snapshot, for a service's small questions.
 *
 * @throws BackupError `DATABASE_UNAVAILABLE` with a `reason`, or `CANCELLED`.
 * @internal
 */
export async function openPlainConnection(
  config: DatabaseSessionConfig,
  { signal = new AbortController().signal }: AbortableOptions = {},
): Promise<PlainConnection> {
  const { connection, socket, clear } = await connectWire(config, config.connectTimeoutMs ?? 10_000, signal);
  let usable = true;
  let fail: (error: unknown) => void = () => undefined;
  const lost = (): void => {
    usable = false;
    fail(connectionLost(undefined));
  };
  connection.on('error', lost);
  socket.once('close', lost);
  const execute: PlainConnection['execute'] = (sql, values) =>
    new Promise((resolve, reject) => {
      // A lost connection reaches no statement of the driver.
      fail = reject;
      if (!usable) reject(connectionLost(undefined));
      const options = {
        sql,
        rowsAsArray: true,
        supportBigNumbers: true,
        bigNumberStrings: true,
        dateStrings: true,
      };
      connection.execute(options, [...values], (error, result) => {
        if (error === null)
          resolve(
            Array.isArray(result)
              ? result.map((row) => (row as (Buffer | string | number | bigint | null)[]).map(asText))
              : [],
          );
        else reject(queryError(error));
      });
    });
  const destroy = (): void => {
    usable = false;
    clear.destroy();
    socket.destroy();
  };
  try {
    // What does not fit is cut rather than refused: an audit record must not fail for the length of a name.
    await execute("SET SESSION sql_mode = ''", []);
  } catch (error) {
    destroy();
    throw error;
  }
  return {
    get usable() {
      return usable;
    },
    execute,
    destroy,
  };
}

/** One attempt: a socket, the driver on it, the login. */
async function connectWire(
  config: DatabaseSessionConfig,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Wire> {
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
): Promise<Wire> {
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
    return { connection, socket, clear: stream ?? socket };
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

function asText(value: Buffer | string | number | bigint | null): string | null {
  if (value === null) return null;
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}
