import type { DatabaseCatalog, TableFacts } from './database-catalog.js';
import type { DumpableSession } from './dumpable-session.js';
import { quotedIdentifier } from './identifier.js';

const TABLE = 'cluster_properties';
const CONDITION = "`propkey` = 'license'";

/** The Gateway's licence, which stays where it is: a restored node keeps its own. */
export interface Licence {
  /** The raw bytes of the row's id; `undefined` without a licence. */
  readonly id: Buffer | undefined;
  /** The condition that leaves the licence out of a table's rows; `undefined` for every other table. */
  excluding(table: TableFacts): string | undefined;
}

/** Looks for the licence row in the session's snapshot. */
export async function findLicence(session: DumpableSession, catalog: DatabaseCatalog): Promise<Licence> {
  const table = catalog.tables.find(({ name }) => name === TABLE);
  const columns = new Set(table?.columns.map(({ name }) => name.toLowerCase()));
  if (!columns.has('propkey')) return { id: undefined, excluding: () => undefined };
  const idColumn = ['goid', 'objectid'].find((name) => columns.has(name));
  let id: Buffer | undefined;
  if (idColumn !== undefined) {
    const [row] = await session.query(
      `SELECT ${quotedIdentifier(idColumn)} FROM ${quotedIdentifier(TABLE)} WHERE ${CONDITION}`,
    );
    id = row?.[0] ?? undefined;
  }
  return { id, excluding: ({ name }) => (name === TABLE ? `NOT (${CONDITION} <=> TRUE)` : undefined) };
}
