import type { GatewayDatabase } from '../database/gateway-database.js';
import { BackupError } from '../errors.js';
import type { AbortableOptions } from '../support/abort.js';

/** Id of the internal identity provider. */
export const internalProviderId = '0000000000000000fffffffffffffffe';

/**
 * Which columns the Gateway's tables have. Releases differ, so nothing is assumed; asked once a table.
 *
 * @internal
 */
export class GatewayTables {
  readonly #database: GatewayDatabase;
  readonly #columns = new Map<string, ReadonlySet<string>>();

  constructor(database: GatewayDatabase) {
    this.#database = database;
  }

  /** The columns of a table. Throws `DATABASE_UNAVAILABLE`, `schema`, when it lacks one that is needed. */
  async columns(
    table: string,
    needed: readonly string[],
    options: AbortableOptions = {},
  ): Promise<ReadonlySet<string>> {
    const known = this.#columns.get(table) ?? (await this.#ask(table, options));
    const missing = needed.filter((column) => !known.has(column));
    if (missing.length > 0) {
      throw new BackupError(
        'DATABASE_UNAVAILABLE',
        `The table ${table} has no column ${missing.join(', ')}.`,
        {
          stage: 'service',
          reason: 'schema',
          hint: 'The service reads the tables of release 8 and later.',
        },
      );
    }
    return known;
  }

  async #ask(table: string, options: AbortableOptions): Promise<ReadonlySet<string>> {
    const rows = await this.#database.query(
      'SELECT LOWER(column_name) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?',
      [table],
      options,
    );
    const columns = new Set(rows.map(([name]) => name ?? ''));
    if (columns.size > 0) this.#columns.set(table, columns);
    return columns;
  }
}
