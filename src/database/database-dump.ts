import { isBackupError } from '../errors.js';
import { blockPool, type BlockPool } from '../image/block-pool.js';
import { isAuditTable } from './audit-table.js';
import { readCatalog, type DatabaseCatalog, type TableFacts } from './database-catalog.js';
import { dumpFailed } from './database-errors.js';
import type { DumpableSession, SnapshotFacts } from './dumpable-session.js';
import { dumpFooter, dumpHeader } from './dump-frame.js';
import { findLicence } from './licence.js';
import { createTableLines } from './schema-dump.js';
import { sequenceLines } from './sequence-dump.js';
import { SqlOutput } from './sql-output.js';
import { carriedColumns, dumpRows } from './table-dump.js';

/**
 * How a dump is written.
 *
 * @public
 */
export interface DumpOptions {
  /**
   * Write long incompressible values through user variables, apart from the text of their rows, which makes the image
   * smaller and faster to make. Default: true.
   */
  readonly blobLane?: boolean | undefined;
}

interface PoolOptions {
  /** Where blocks come from. Default: the pool that the compressor gives them back to. */
  readonly pool?: BlockPool | undefined;
}

/** What a finished dump holds. */
export interface DumpSummary {
  readonly snapshot: SnapshotFacts;
  readonly serverVersion: string;
  /** Tables whose rows are in the dump, and how many. */
  readonly tables: Readonly<Record<string, number>>;
  /** Tables of which only the definition is in the dump. */
  readonly definitionsOnly: readonly string[];
  readonly rows: number;
  readonly bytes: number;
  /** Bytes of the longest statement: what the restoring server's `max_allowed_packet` has to take. */
  readonly largestStatement: number;
  /** False when the database may have tables that its user does not see. */
  readonly complete: boolean;
  /** Tables that were not read inside the snapshot, because their engine knows none. */
  readonly outsideSnapshot: readonly string[];
  /** Seen and not captured. */
  readonly notCaptured: DatabaseCatalog['notCaptured'];
  /** Tables with TIMESTAMP columns, which are written in UTC. */
  readonly timestampTables: readonly string[];
  /** `table.column` of text that is no valid UTF-8, and how many values; carried byte for byte. */
  readonly invalidText: Readonly<Record<string, number>>;
}

/** A dump to be iterated once; the summary is there when the iteration has ended by itself. */
export interface DatabaseDump {
  readonly blocks: AsyncIterable<Buffer>;
  readonly summary: DumpSummary | undefined;
}

/**
 * The main database: every table's definition, and the rows of those whose name does not start with `audit`, without the
 * licence. The last line is written only when everything before it has been proved complete.
 */
export function dumpMainDatabase(
  session: DumpableSession,
  options: DumpOptions & PoolOptions = {},
): DatabaseDump {
  return new Dump(session, options, async function* (output, catalog, count) {
    for (const sequence of catalog.sequences) output.lines(await sequenceLines(session, sequence));
    const licence = await findLicence(session, catalog);
    for (const table of catalog.tables) {
      output.lines(createTableLines(table.name, table.createSql));
      if (isAuditTable(table.name)) count(table, undefined);
      else count(table, yield* dumpRows(session, table, output, licence.excluding(table)));
    }
  });
}

/**
 * The rows of the audit tables.
 *
 * @param tables - Which; names without a table are left out. Default: every table named `audit…`.
 */
export function dumpAudits(
  session: DumpableSession,
  tables: readonly string[] | undefined,
  options: DumpOptions & PoolOptions = {},
): DatabaseDump {
  return new Dump(session, options, async function* (output, catalog, count) {
    for (const table of catalog.tables) {
      if (!isAuditTable(table.name) || tables?.includes(table.name) === false) continue;
      count(table, yield* dumpRows(session, table, output));
    }
  });
}

/** The catalog of the session's snapshot, read once. Main and audit dump see the same definitions. */
export async function catalogOf(session: DumpableSession): Promise<DatabaseCatalog> {
  const known = catalogs.get(session);
  if (known?.number === session.snapshot.number) return known.catalog;
  const catalog = await readCatalog(session);
  catalogs.set(session, { number: session.snapshot.number, catalog });
  return catalog;
}

const catalogs = new WeakMap<
  DumpableSession,
  { readonly number: number; readonly catalog: DatabaseCatalog }
>();

type TableResult =
  { readonly rows: number; readonly invalidText: Readonly<Record<string, number>> } | undefined;

type Content = (
  output: SqlOutput,
  catalog: DatabaseCatalog,
  count: (table: TableFacts, result: TableResult) => void,
) => AsyncGenerator<Buffer, void, undefined>;

class Dump implements DatabaseDump {
  readonly blocks: AsyncIterable<Buffer>;
  readonly #session: DumpableSession;
  readonly #options: DumpOptions & PoolOptions;
  #summary: DumpSummary | undefined;

  constructor(session: DumpableSession, options: DumpOptions & PoolOptions, content: Content) {
    this.#session = session;
    this.#options = options;
    this.blocks = this.#run(content);
  }

  get summary(): DumpSummary | undefined {
    return this.#summary;
  }

  async *#run(content: Content): AsyncGenerator<Buffer, void, undefined> {
    const session = this.#session;
    const output = new SqlOutput(this.#options.pool ?? blockPool, this.#options.blobLane ?? true);
    const tables: Record<string, number> = {};
    const definitionsOnly: string[] = [];
    const invalidText: Record<string, number> = {};
    const dumped: TableFacts[] = [];
    try {
      const catalog = await catalogOf(session);
      refuseUncarried(catalog);
      output.lines(dumpHeader(session.flavour));
      yield* content(output, catalog, (table, result) => {
        if (result === undefined) {
          definitionsOnly.push(table.name);
          return;
        }
        dumped.push(table);
        tables[table.name] = result.rows;
        for (const [column, values] of Object.entries(result.invalidText)) {
          invalidText[`${table.name}.${column}`] = values;
        }
      });
      output.flush();
      if (output.lane !== undefined) output.lines(output.lane.resetLines());
      output.lines(dumpFooter(session.flavour));
      output.flush();
      yield* output.take();
      this.#summary = {
        snapshot: session.snapshot,
        serverVersion: session.serverVersion,
        tables,
        definitionsOnly,
        rows: Object.values(tables).reduce((sum, rows) => sum + rows, 0),
        bytes: output.bytes,
        largestStatement: output.largestStatement,
        complete: catalog.complete,
        outsideSnapshot: dumped.filter(({ transactional }) => !transactional).map(({ name }) => name),
        notCaptured: catalog.notCaptured,
        timestampTables: dumped.filter(hasTimestamp).map(({ name }) => name),
        invalidText,
      };
    } catch (error) {
      await renewAfter(error, session);
      throw error;
    } finally {
      output.discard();
    }
  }
}

/** A second try needs a snapshot of the tables as they are now. */
async function renewAfter(error: unknown, session: DumpableSession): Promise<void> {
  if (!session.usable || !isBackupError(error) || !error.retryable) return;
  try {
    await session.renewSnapshot();
  } catch {
    // The first reason stays; the second try will find out.
  }
}

/** Before anything is written: what cannot be carried fails the dump by name. */
function refuseUncarried({ tables }: DatabaseCatalog): void {
  for (const table of tables) {
    const { name, engine } = table;
    if (table.versioned) {
      throw dumpFailed(
        `Table "${name}" keeps the history of its rows, which cannot be carried.`,
        'unsupported-table',
      );
    }
    if (uncarriedEngines.has(engine.toLowerCase())) {
      throw dumpFailed(
        `Table "${name}" only shows what is stored elsewhere (engine ${engine}), which cannot be carried.`,
        'unsupported-table',
      );
    }
    carriedColumns(table);
  }
}

const uncarriedEngines: ReadonlySet<string> = new Set(['mrg_myisam', 'federated', 'connect', 'spider', 's3']);

function hasTimestamp({ columns }: TableFacts): boolean {
  return columns.some(({ dataType }) => dataType === 'timestamp');
}
