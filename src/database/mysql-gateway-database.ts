import { BackupError, isBackupError } from '../errors.js';
import { cancelled, throwIfCancelled, type AbortableOptions } from '../support/abort.js';
import type { DatabaseSessionConfig } from './database-session-config.js';
import type { GatewayDatabase, GatewayStatement, StatementValue } from './gateway-database.js';
import { openPlainConnection, type PlainConnection } from './plain-connection.js';

/**
 * Limits of a {@link MysqlGatewayDatabase}.
 *
 * @internal
 */
export interface GatewayDatabaseLimits {
  /** Limit for one question or one transaction, in milliseconds. Default: 10 000. */
  readonly statementTimeoutMs?: number | undefined;
  /** How long an unused connection is kept, in milliseconds. Default: 60 000. */
  readonly idleConnectionMs?: number | undefined;
}

type Rows = readonly (readonly (string | null)[])[];

/**
 * The Gateway's database over one connection, opened when it is needed and again after it was lost. One question at a time.
 *
 * @internal
 */
export class MysqlGatewayDatabase implements GatewayDatabase, AsyncDisposable {
  readonly #config: DatabaseSessionConfig;
  readonly #limits: Required<GatewayDatabaseLimits>;
  #connection: PlainConnection | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(config: DatabaseSessionConfig, limits: GatewayDatabaseLimits = {}) {
    this.#config = config;
    this.#limits = {
      statementTimeoutMs: limits.statementTimeoutMs ?? 10_000,
      idleConnectionMs: limits.idleConnectionMs ?? 60_000,
    };
  }

  async query(
    sql: string,
    values: readonly StatementValue[] = [],
    { signal }: AbortableOptions = {},
  ): Promise<Rows> {
    return this.#inTurn(signal, (connection) => connection.execute(sql, values));
  }

  async transaction(
    statements: readonly GatewayStatement[],
    { signal }: AbortableOptions = {},
  ): Promise<void> {
    await this.#inTurn(signal, async (connection) => {
      await connection.execute('START TRANSACTION', []);
      for (const { sql, values } of statements) await connection.execute(sql, values);
      await connection.execute('COMMIT', []);
      return [];
    });
  }

  /** Ends the connection after what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    this.#drop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #inTurn(
    signal: AbortSignal | undefined,
    work: (connection: PlainConnection) => Promise<Rows>,
  ): Promise<Rows> {
    const turn = this.#last.then(() => this.#run(signal, work));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #run(
    signal: AbortSignal | undefined,
    work: (connection: PlainConnection) => Promise<Rows>,
  ): Promise<Rows> {
    throwIfCancelled(signal, 'service');
    if (this.#closed) throw unavailable('The connection to the database is closed.', 'closed');
    clearTimeout(this.#idle);
    const connection = await this.#connect(signal);
    const limited = new AbortController();
    const timer = setTimeout(() => {
      limited.abort(unavailable('The database took too long to answer.', 'statement-timeout'));
    }, this.#limits.statementTimeoutMs);
    const stop = (): void => {
      connection.destroy();
    };
    const bounds = signal === undefined ? [limited.signal] : [limited.signal, signal];
    for (const bound of bounds) bound.addEventListener('abort', stop);
    try {
      return await work(connection);
    } catch (error) {
      // Whatever was open in it is rolled back by the server.
      this.#drop();
      if (signal?.aborted === true) throw cancelled(signal, 'service');
      throw limited.signal.aborted ? (limited.signal.reason as BackupError) : error;
    } finally {
      clearTimeout(timer);
      for (const bound of bounds) bound.removeEventListener('abort', stop);
      this.#idle = setTimeout(() => {
        this.#drop();
      }, this.#limits.idleConnectionMs).unref();
    }
  }

  /** The open connection, if the server still answers on it, or a new one. */
  async #connect(signal: AbortSignal | undefined): Promise<PlainConnection> {
    if (this.#connection?.usable === true) {
      try {
        await this.#connection.execute('DO 0', []);
        return this.#connection;
      } catch (error) {
        if (!isBackupError(error)) throw error;
      }
    }
    this.#drop();
    this.#connection = await openPlainConnection(this.#config, { signal });
    return this.#connection;
  }

  #drop(): void {
    clearTimeout(this.#idle);
    this.#connection?.destroy();
    this.#connection = undefined;
  }
}

function unavailable(message: string, reason: string): BackupError {
  return new BackupError('DATABASE_UNAVAILABLE', message, { stage: 'service', reason, retryable: true });
}
