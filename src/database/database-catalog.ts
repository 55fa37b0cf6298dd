import { byBytes } from '../support/by-bytes.js';
import { dumpFailed } from './database-errors.js';
import type { RawValue } from './database-session.js';
import type { DumpableSession } from './dumpable-session.js';
import { quotedIdentifier, sqlString } from './identifier.js';
import { seesWholeSchema } from './schema-visibility.js';

/** One column, as the dump needs it. */
export interface ColumnFacts {
  readonly name: string;
  /** Lower case, without length: `varchar`, `bigint`, `geometry`. */
  readonly dataType: string;
  /** In full: `enum('a','b')`, `float unsigned`. */
  readonly columnType: string;
  /** `undefined` for a column without text. */
  readonly charset: string | undefined;
  /** Its value is computed by the server and cannot be inserted. */
  readonly generated: boolean;
  /** Not part of `SELECT *`, nor of an `INSERT` without a list of columns. */
  readonly invisible: boolean;
}

/** One base table. */
export interface TableFacts {
  readonly name: string;
  readonly engine: string;
  /** Whether its rows are read inside the snapshot. */
  readonly transactional: boolean;
  /** Has the history of its rows. */
  readonly versioned: boolean;
  readonly columns: readonly ColumnFacts[];
  /** By the server's statistics. */
  readonly dataBytes: number;
  /** `SHOW CREATE TABLE` when the snapshot was taken, as bytes. */
  readonly createSql: Buffer;
}

/** What a database holds. */
export interface DatabaseCatalog {
  /** By name, in the order of their bytes. */
  readonly tables: readonly TableFacts[];
  readonly sequences: readonly string[];
  /** False when tables may exist that the user does not see. */
  readonly complete: boolean;
  /** Seen and not captured; names. */
  readonly notCaptured: {
    readonly views: readonly string[];
    readonly routines: readonly string[];
    readonly triggers: readonly string[];
    readonly events: readonly string[];
  };
}

/** Reads the catalog of the session's database. */
export async function readCatalog(session: DumpableSession): Promise<DatabaseCatalog> {
  const schema = sqlString(session.databaseName);
  const transactional = await transactionalEngines(session);
  const listed = await session.query(
    `SELECT TABLE_NAME, TABLE_TYPE, ENGINE, DATA_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${schema}`,
  );
  const columns = await readColumns(session, schema);
  const tables: TableFacts[] = [];
  const sequences: string[] = [];
  const views: string[] = [];
  for (const [rawName, rawType, rawEngine, rawBytes] of listed) {
    const name = text(rawName);
    const type = text(rawType);
    if (type === 'VIEW') views.push(name);
    else if (type === 'SEQUENCE') sequences.push(name);
    else if (type === 'BASE TABLE' || type === 'SYSTEM VERSIONED') {
      // A table whose engine is missing, or which is damaged, has none.
      if (rawEngine === null || rawEngine === undefined) throw unreadable(name);
      const engine = text(rawEngine);
      tables.push({
        name,
        engine,
        transactional: transactional.has(engine.toLowerCase()),
        versioned: type === 'SYSTEM VERSIONED',
        columns: columns.get(name) ?? [],
        dataBytes: Number(text(rawBytes)),
        createSql: await showCreateTable(session, name),
      });
    } else if (!type.startsWith('TEMPORARY')) {
      throw dumpFailed(`Table "${name}" is of a kind that cannot be carried: ${type}.`, 'unsupported-table');
    }
  }
  tables.sort((a, b) => byBytes(a.name, b.name));
  return {
    tables,
    sequences: sequences.sort(byBytes),
    complete: await seesWholeSchema(session),
    notCaptured: {
      views: views.sort(byBytes),
      routines: await names(
        session,
        `SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${schema}`,
      ),
      triggers: await names(
        session,
        `SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${schema}`,
      ),
      events: await names(
        session,
        `SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${schema}`,
      ),
    },
  };
}

/** The definition of a table as the server's bytes: a default may be binary, so never a string. */
export async function showCreateTable(session: DumpableSession, table: string): Promise<Buffer> {
  const [row] = await session.query(`SHOW CREATE TABLE ${quotedIdentifier(table)}`);
  const sql = row?.[1];
  if (sql === null || sql === undefined) throw unreadable(table);
  return sql;
}

/** Bytes of the rows of the tables that `include` names, by the server's statistics. */
export async function estimateDataBytes(
  session: Pick<DumpableSession, 'query' | 'databaseName'>,
  include: (table: string) => boolean,
): Promise<number> {
  const rows = await session.query(
    `SELECT TABLE_NAME, DATA_LENGTH FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = ${sqlString(session.databaseName)} AND TABLE_TYPE <> 'VIEW'`,
  );
  return rows
    .filter(([name]) => include(text(name)))
    .reduce((sum, [, bytes]) => sum + Number(text(bytes)), 0);
}

async function readColumns(
  session: DumpableSession,
  schema: string,
): Promise<ReadonlyMap<string, readonly ColumnFacts[]>> {
  const rows = await session.query(
    `SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, EXTRA
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${schema} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  );
  const byTable = new Map<string, ColumnFacts[]>();
  for (const [table, name, dataType, columnType, charset, rawExtra] of rows) {
    const extra = text(rawExtra).toUpperCase();
    const facts: ColumnFacts = {
      name: text(name),
      dataType: text(dataType).toLowerCase(),
      columnType: text(columnType),
      charset: charset === null || charset === undefined ? undefined : text(charset),
      // "DEFAULT_GENERATED" is a default by an expression, not a generated column.
      generated: /\b(?:VIRTUAL|STORED|PERSISTENT)\b/.test(extra),
      invisible: extra.includes('INVISIBLE'),
    };
    const list = byTable.get(text(table));
    if (list === undefined) byTable.set(text(table), [facts]);
    else list.push(facts);
  }
  return byTable;
}

async function transactionalEngines(session: DumpableSession): Promise<ReadonlySet<string>> {
  const rows = await session.query(
    "SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'",
  );
  return new Set(rows.map(([engine]) => text(engine).toLowerCase()));
}

async function names(session: DumpableSession, sql: string): Promise<readonly string[]> {
  return (await session.query(sql)).map(([name]) => text(name)).sort(byBytes);
}

function unreadable(table: string): Error {
  return dumpFailed(
    `Table "${table}" cannot be read: it is damaged, or its engine is missing.`,
    'table-unreadable',
  );
}

function text(value: RawValue | undefined): string {
  return value?.toString('utf8') ?? '';
}
