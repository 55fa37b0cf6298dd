import { columnEncoding, type ColumnEncoding } from './column-encoding.js';
import { showCreateTable, type TableFacts } from './database-catalog.js';
import { atTable, dumpFailed } from './database-errors.js';
import type { RawValue } from './database-session.js';
import type { DumpableSession } from './dumpable-session.js';
import { FlowWaiter } from './flow-waiter.js';
import { identifier, quotedIdentifier, survivesRestore } from './identifier.js';
import { RowEncoder } from './row-encoder.js';
import { preparedStatement, withoutAutoIncrement } from './schema-dump.js';
import type { SqlOutput } from './sql-output.js';

/** What became of the rows of one table. */
export interface TableRows {
  readonly rows: number;
  /** Columns with values that are no valid UTF-8, and how many. */
  readonly invalidText: Readonly<Record<string, number>>;
}

/** How many blocks may wait before the server is not read any more. */
const HIGH_WATER = 2;
const LARGE_ROW_OVERHEAD = 8;
const PREPARED_BYTES = 256 * 1024;

/** The columns of a table that a dump carries, or an error that names the first one it cannot. */
export function carriedColumns(table: TableFacts): readonly ColumnEncoding[] {
  return table.columns
    .filter(({ generated }) => !generated)
    .map((column) => {
      const encoding = columnEncoding(column);
      if (encoding !== undefined) return encoding;
      throw dumpFailed(
        `Column "${column.name}" of table "${table.name}" has a type that cannot be carried: ${column.columnType}.`,
        'unsupported-type',
      );
    });
}

/**
 * The rows of one table as `INSERT` statements, in blocks of the output's pool. Ends only after the server has said that
 * the result is complete and the table's definition is still the one of the snapshot.
 *
 * @param where - A condition in SQL that a row has to meet. Default: all rows.
 */
export async function* dumpRows(
  session: DumpableSession,
  table: TableFacts,
  output: SqlOutput,
  where?: string,
): AsyncGenerator<Buffer, TableRows, undefined> {
  const columns = carriedColumns(table);
  const writer = statementWriter(table, columns, output);
  try {
    // The rollback at the end releases the lock on the table's definition that reading it takes.
    await session.query('SAVEPOINT table_dump');
    yield* pump(session, selectRows(table, columns, where), writer, output);
    const createSql = await showCreateTable(session, table.name);
    if (withoutAutoIncrement(createSql) !== withoutAutoIncrement(table.createSql)) {
      throw dumpFailed('It was changed after the snapshot was taken.', 'table-changed', { retryable: true });
    }
    await session.query('ROLLBACK TO SAVEPOINT table_dump');
  } catch (error) {
    throw atTable(error, table.name);
  }
  return writer.result();
}

async function* pump(
  session: DumpableSession,
  sql: string,
  writer: StatementWriter,
  output: SqlOutput,
): AsyncGenerator<Buffer, void, undefined> {
  const waiter = new FlowWaiter();
  const flow = session.readResult(sql, {
    onRow: (row) => {
      writer.row(row);
      if (output.waiting === 0) return;
      if (output.waiting >= HIGH_WATER || writer.holdsLargeRow) flow.pause();
      waiter.wake();
    },
  });
  waiter.watch(flow);
  try {
    for (;;) {
      for (const block of output.take()) {
        yield block;
        if (output.waiting === 0 && !writer.holdsLargeRow) flow.resume();
      }
      writer.holdsLargeRow = false;
      flow.resume();
      if (output.waiting > 0) continue;
      if (waiter.over) break;
      await waiter.sleep();
    }
    // A clean end has to be proved: this throws if there was none.
    await flow.ended;
    writer.close();
  } finally {
    await flow.cancel();
  }
}

interface StatementWriter {
  /** A row waits whose memory the next read would pile up on. */
  holdsLargeRow: boolean;
  row(row: readonly RawValue[]): void;
  /** Ends the open statement. */
  close(): void;
  result(): TableRows;
}

function statementWriter(
  table: TableFacts,
  columns: readonly ColumnEncoding[],
  output: SqlOutput,
): StatementWriter {
  const listed = table.columns.some(({ generated, invisible }) => generated || invisible);
  const list = listed ? ` (${columns.map(({ name }) => identifier(name)).join(',')})` : '';
  const prefix = `INSERT INTO ${identifier(table.name)}${list} VALUES `;
  return survivesRestore(prefix)
    ? new PlainStatements(prefix, columns, output)
    : new PreparedStatements(prefix, columns, output);
}

/** Statements of up to a block, written in place. */
class PlainStatements implements StatementWriter {
  holdsLargeRow = false;
  readonly #prefix: Buffer;
  readonly #columns: readonly ColumnEncoding[];
  readonly #encoder: RowEncoder;
  readonly #output: SqlOutput;
  readonly #blockBytes: number;
  #block: Buffer;
  /** Where the open statement starts and ends; -1: none is open. */
  #start = -1;
  #at = 0;
  #rows = 0;

  constructor(prefix: string, columns: readonly ColumnEncoding[], output: SqlOutput) {
    this.#prefix = Buffer.from(prefix);
    this.#columns = columns;
    this.#output = output;
    this.#block = output.block;
    this.#blockBytes = this.#block.length;
    this.#encoder = new RowEncoder(columns, this.#blockBytes, output.lane);
  }

  row(row: readonly RawValue[]): void {
    this.#rows++;
    const bound = this.#encoder.bound(row) + LARGE_ROW_OVERHEAD;
    if (this.#start >= 0 && this.#at + bound <= this.#blockBytes) {
      this.#block[this.#at++] = 0x2c;
    } else if (!this.#begin(bound)) {
      this.#large(row);
      return;
    }
    this.#at = this.#encoder.encode(row, this.#block, this.#at);
    if (this.#output.lane?.full === true) {
      this.close();
      this.#output.flush();
    }
  }

  close(): void {
    if (this.#start < 0) return;
    this.#block[this.#at] = 0x3b;
    this.#block[this.#at + 1] = 0x0a;
    this.#output.endStatement(this.#start, this.#at + 2);
    this.#start = -1;
  }

  result(): TableRows {
    return { rows: this.#rows, invalidText: invalidText(this.#columns, this.#encoder) };
  }

  /** Opens a statement with room for a row; false if the row is too large for a block. */
  #begin(bound: number): boolean {
    const needed = this.#prefix.length + bound;
    if (needed > this.#blockBytes) return false;
    this.close();
    if (this.#output.length + needed > this.#blockBytes) this.#output.flush();
    this.#block = this.#output.block;
    this.#start = this.#output.length;
    this.#block.set(this.#prefix, this.#start);
    this.#at = this.#start + this.#prefix.length;
    return true;
  }

  #large(row: readonly RawValue[]): void {
    this.close();
    this.holdsLargeRow = true;
    const { pool } = this.#output;
    this.#output.large(this.#encoder.pieces(row, () => pool.acquire(), this.#prefix.toString(), ';\n'));
  }
}

/** For a name that a restore would damage: the whole statement as hexadecimal digits. */
class PreparedStatements implements StatementWriter {
  readonly holdsLargeRow = false;
  readonly #prefix: string;
  readonly #columns: readonly ColumnEncoding[];
  readonly #encoder: RowEncoder;
  readonly #output: SqlOutput;
  #statement: Buffer[] = [];
  #bytes = 0;
  #rows = 0;

  constructor(prefix: string, columns: readonly ColumnEncoding[], output: SqlOutput) {
    this.#prefix = prefix;
    this.#columns = columns;
    this.#output = output;
    this.#encoder = new RowEncoder(columns, output.block.length, undefined);
  }

  row(row: readonly RawValue[]): void {
    this.#rows++;
    const scratch = Buffer.allocUnsafe(this.#encoder.bound(row));
    const values = scratch.subarray(0, this.#encoder.encode(row, scratch, 0));
    if (this.#bytes + values.length > PREPARED_BYTES) this.close();
    this.#statement.push(Buffer.from(this.#bytes === 0 ? this.#prefix : ','), values);
    this.#bytes += values.length;
  }

  close(): void {
    if (this.#bytes === 0) return;
    this.#output.lines(preparedStatement(Buffer.concat(this.#statement)));
    this.#statement = [];
    this.#bytes = 0;
  }

  result(): TableRows {
    return { rows: this.#rows, invalidText: invalidText(this.#columns, this.#encoder) };
  }
}

function selectRows(
  table: TableFacts,
  columns: readonly ColumnEncoding[],
  where: string | undefined,
): string {
  const list = columns.length === 0 ? '1' : columns.map(({ expression }) => expression).join(',');
  const condition = where === undefined ? '' : ` WHERE ${where}`;
  return `SELECT SQL_NO_CACHE ${list} FROM ${quotedIdentifier(table.name)}${condition}`;
}

function invalidText(
  columns: readonly ColumnEncoding[],
  encoder: RowEncoder,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    columns
      .map(({ name }, i) => [name, encoder.invalidText[i] ?? 0] as const)
      .filter(([, count]) => count > 0),
  );
}
