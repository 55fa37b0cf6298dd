import type { PrivateMariaDb } from 'gateway-backup/testing';

/**
 * All that a database holds, as text that two databases can be compared by, read with the stock client: definitions, and
 * every column of every row in a form that hides nothing.
 */
export async function databaseState(
  server: PrivateMariaDb,
  database: string,
  {
    tables,
    rowsOf = () => true,
  }: { tables?: (name: string) => boolean; rowsOf?: (name: string) => boolean } = {},
): Promise<string> {
  const parts: string[] = [];
  for (const { name, type } of await tablesOf(server, database)) {
    if (tables?.(name) === false) continue;
    const quoted = quote(name);
    if (type === 'SEQUENCE') {
      parts.push(
        await server.query(
          `SHOW CREATE SEQUENCE ${quoted}; SELECT next_not_cached_value FROM ${quoted}`,
          database,
        ),
      );
      continue;
    }
    parts.push(await server.query(`SHOW CREATE TABLE ${quoted}`, database));
    if (!rowsOf(name)) continue;
    const columns = await columnsOf(server, database, name);
    const list = columns.length === 0 ? '1' : columns.map(exactly).join(', ');
    const rows = (
      await server.query(`SET time_zone='+00:00'; SELECT ${list} FROM ${quoted}`, database)
    ).split('\n');
    parts.push(rows.sort().join('\n'));
  }
  return parts.join('\n');
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
  table: string,
): Promise<readonly Column[]> {
  const output = await server.query(
    `SELECT HEX(COLUMN_NAME), DATA_TYPE FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = '${database}' AND TABLE_NAME = CONVERT(x'${Buffer.from(table).toString('hex')}' USING utf8mb3)
     ORDER BY ORDINAL_POSITION`,
  );
  return rows(output).map(([name, type]) => ({ name: unhex(name), type: type! }));
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
