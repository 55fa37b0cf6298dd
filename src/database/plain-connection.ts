import type { AbortableOptions } from '../support/abort.js';
import { connectionLost, queryError } from './database-errors.js';
import type { DatabaseSessionConfig } from './database-session-config.js';
import type { StatementValue } from './gateway-database.js';
import { connectWire, CONNECT_TIMEOUT_MS } from './mysql-wire.js';

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
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS } = config;
  const wire = await connectWire(config, connectTimeoutMs, signal);
  const { connection, socket } = wire;
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
    wire.destroy();
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

function asText(value: Buffer | string | number | bigint | null): string | null {
  if (value === null) return null;
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}
