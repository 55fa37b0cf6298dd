import type { PrivateMariaDb } from 'gateway-backup/testing';

/**
 * All that a database holds, as text that two databases can be compared by, read with the stock client: definitions, and
 * every column of every row in a form that hides nothing.
 */
export async function databaseState(server: PrivateMariaDb, database: string): Promise<string> {
  const columns = await columnsOf(server, database);
  // One script for all: a client for each question would take most of a test's time.
  const script = ["SET time_zone='+00:00';"];
  for (const { name, type } of await tablesOf(server, database)) {
    const quoted = quote(name);
    if (type === 'SEQUENCE') {
      script.push(`SHOW CREATE SEQUENCE ${quoted};`, `SELECT next_not_cached_value FROM ${quoted};`);
      continue;
    }
    script.push(`SHOW CREATE TABLE ${quoted};`);
    const list =
      columns
        .get(name)
        ?.map((column) => `COALESCE(${exactly(column)}, 'NULL')`)
        .join(", ',', ") ?? '1';
    // Sorted by the server: the order of rows without a key is nobody's promise.
    script.push(`SELECT CONCAT(${list}) AS line FROM ${quoted} ORDER BY line;`);
  }
  return server.query(script.join('\n'), database);
}

interface Column {
  readonly name: string;
  readonly type: string;
}

/** HEX of a number would round it, and that of an ENUM hides an invalid value. */
function exactly({ name, type }: Column): string {
  const quoted = quote(name);
  switch (type) {
    case 'float':
    case 'double':
      // The number, and the sign that zero can have.
      return `CONCAT_WS('/', ${quoted}*1e0, ${quoted} IS NULL, LEFT(${quoted}*1e0, 1))`;
    case 'enum':
    case 'set':
      return `CONCAT_WS('/', HEX(${quoted}), CAST(${quoted} AS UNSIGNED), ${quoted} IS NULL)`;
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'decimal':
    case 'year':
      return `HEX(CAST(${quoted} AS CHAR))`;
    default:
      return `IF(LENGTH(${quoted}) > 100000, SHA2(${quoted}, 256), HEX(${quoted}))`;
  }
}

async function tablesOf(
  server: PrivateMariaDb,
  database: string,
): Promise<readonly { readonly name: string; readonly type: string }[]> {
  const output = await server.query(
    `SELECT HEX(TABLE_NAME), TABLE_TYPE FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = '${database}' AND TABLE_TYPE <> 'VIEW' ORDER BY TABLE_NAME`,
  );
  return rows(output).map(([name, type]) => ({ name: unhex(name), type: type! }));
}

async function columnsOf(
  server: PrivateMariaDb,
  database: string,
): Promise<ReadonlyMap<string, readonly Column[]>> {
  const output = await server.query(
    `SELECT HEX(TABLE_NAME), HEX(COLUMN_NAME), DATA_TYPE FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = '${database}' ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  );
  const byTable = new Map<string, Column[]>();
  for (const [table, name, type] of rows(output)) {
    const list = byTable.get(unhex(table)) ?? [];
    list.push({ name: unhex(name), type: type! });
    byTable.set(unhex(table), list);
  }
  return byTable;
}

function rows(output: string): string[][] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}

function unhex(text: string | undefined): string {
  return Buffer.from(text ?? '', 'hex').toString('utf8');
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
