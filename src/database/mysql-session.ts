import type { BackupError } from '../errors.js';
import { cancelled, type AbortableOptions } from '../support/abort.js';
import { logFor } from '../support/log.js';
import { AnswerWatch } from './answer-watch.js';
import { CLOSING_MS, within } from './closing-time.js';
import { retryConnecting, type ConnectRetryOptions } from './connect-retry.js';
import {
  brokenConnection,
  connectionLost,
  protocolViolation,
  queryError,
  sessionDefect,
} from './database-errors.js';
import type { OpenDatabaseSession, RawValue } from './database-session.js';
import type { DatabaseSessionConfig } from './database-session-config.js';
import type { DumpableSession, ResultFlow, ResultReader, SnapshotFacts } from './dumpable-session.js';
import { connectWire, CONNECT_TIMEOUT_MS, type MysqlWire } from './mysql-wire.js';
import { pulledRows } from './pulled-rows.js';
import { failedFlow, Flow } from './result-flow.js';
import { sessionSettings, snapshotStatements } from './session-settings.js';
import { stopStatement } from './stop-statement.js';

const log = logFor('database');

/** `openDatabaseSession` with all that a dump needs. */
export async function openMysqlSession(
  config: DatabaseSessionConfig & { readonly retry?: ConnectRetryOptions | undefined },
  { signal = new AbortController().signal }: AbortableOptions = {},
): Promise<MysqlSession> {
  const { connectTimeoutMs: timeoutMs = CONNECT_TIMEOUT_MS } = config;
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

/** One connection to MySQL or MariaDB inside one consistent, read-only snapshot. Values are the server's bytes. */
export class MysqlSession implements DumpableSession, OpenDatabaseSession {
  readonly databaseName: string;
  readonly #config: DatabaseSessionConfig;
  readonly #signal: AbortSignal;
  readonly #wire: MysqlWire;
  readonly #watch: AnswerWatch;
  readonly #onAbort: () => void;
  #serverVersion = '';
  #snapshot: SnapshotFacts = { number: 0, takenAt: '' };
  #flow: Flow | undefined;
  /** Why nothing can be asked any more. The first reason stays. */
  #ended: BackupError | undefined;
  #stopping: Promise<void> | undefined;

  constructor(config: DatabaseSessionConfig, wire: MysqlWire, signal: AbortSignal) {
    this.databaseName = config.name;
    this.#config = config;
    this.#signal = signal;
    this.#wire = wire;
    this.#watch = new AnswerWatch(config, (error) => {
      this.#end(error);
    });
    this.#onAbort = () => {
      this.#end(cancelled(signal, 'collect'));
    };
    signal.addEventListener('abort', this.#onAbort, { once: true });
    wire.clear.on('data', (chunk: Buffer) => {
      this.#watch.heard(chunk.length, this.#flow?.hasColumns === true);
    });
    // Whatever ends the connection, it ends here: a lost connection reaches no query of the driver.
    wire.connection.on('error', (error: unknown) => {
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
        this.#watch.wait(false);
        this.#wire.connection.pause();
      },
      resume: () => {
        this.#watch.wait(true);
        this.#wire.connection.resume();
      },
      stopStatement: () => this.#stopStatement(),
      abandon: (error) => {
        this.#end(error);
      },
      over: () => {
        this.#watch.wait(false);
        this.#flow = undefined;
      },
    });
    this.#flow = flow;
    this.#watch.digested();
    this.#watch.wait(true);
    // A question that is asked while the connection is paused is never sent.
    this.#wire.connection.resume();
    let results = 0;
    this.#wire.connection
      .query({ sql, rowsAsArray: true, typeCast: false })
      .on('fields', (fields: readonly unknown[] | undefined) => {
        this.#watch.digested();
        results += 1;
        if (results > 1) this.#end(protocolViolation('sent two results for one question'));
        else if (fields !== undefined) flow.guard(() => reader.onColumns?.(fields.length));
      })
      .on('result', (row: unknown) => {
        this.#watch.digested();
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
    this.#wire.destroy();
    await this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Hard: nothing more is read, and the server is told to stop. */
  #end(error: BackupError): void {
    if (this.#ended !== undefined) return;
    log('session ended: %s', error.reason ?? error.code);
    this.#endQuietly(error, error.reason !== 'connection-lost');
    this.#wire.destroy();
  }

  #endQuietly(error: BackupError, stopStatement: boolean): void {
    this.#ended = error;
    this.#signal.removeEventListener('abort', this.#onAbort);
    const flow = this.#flow;
    this.#watch.stop();
    if (flow === undefined) return;
    flow.settle(error);
    // The server notices a gone client only when it next writes; a statement that computes or waits goes on.
    if (stopStatement) this.#stopping = this.#stopStatement();
  }

  #stopStatement(): Promise<void> {
    return stopStatement(this.#config, this.#wire.connection.threadId);
  }
}
