/** Runs statements and gives the rows as the stock client prints them in batch mode. */
export type BatchQuery = (sql: string, database?: string) => Promise<string>;

/** Everything in a database as text that two databases can be compared by. See `PrivateMariaDb.dumpHex`. */
export async function dumpHex(
  query: BatchQuery,
  database: string,
  tables: readonly string[] | undefined,
): Promise<string> {
  const named = tables === undefined ? '' : `AND table_name IN (${tables.map(quote).join(', ')})`;
  // HEX of a number would round it, and a FLOAT's text has fewer digits than it holds.
  // Of every table its name, and its columns as expressions; quoted by the server, which knows the odd names.
  const list = await query(
    `SET SESSION group_concat_max_len = 1000000;
     SELECT HEX(table_name), HEX(CONCAT('\`', REPLACE(table_name, '\`', '\`\`'), '\`')),
       HEX(GROUP_CONCAT(
         CASE data_type WHEN 'float' THEN 'HEX(CONCAT(CAST(' WHEN 'double' THEN 'HEX(CONCAT((' WHEN 'decimal' THEN 'HEX(CONCAT((' ELSE 'HEX(((' END,
         '\`', REPLACE(column_name, '\`', '\`\`'), '\`',
         IF(data_type = 'float', ' AS DOUBLE)))', ')))') ORDER BY ordinal_position))
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = ${quote(database)} AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ${named} GROUP BY table_name ORDER BY table_name`,
  );
  const statements: string[] = [];
  for (const line of lines(list)) {
    const [hexName = '', table = '', columns = ''] = line.split('\t');
    const [quoted, expressions] = [table, columns].map((hex) => Buffer.from(hex, 'hex').toString());
    statements.push(
      `SELECT '${marker}', '${hexName}'; SHOW CREATE TABLE ${quoted ?? ''}; SELECT ${expressions ?? ''} FROM ${quoted ?? ''};`,
    );
  }
  const output = await query(statements.join('\n'), database);
  return output
    .split(marker)
    .map((part) => {
      const [head = '', definition = '', ...rows] = part.split('\n');
      return [head, definition, ...rows.filter((row) => row !== '').sort(), ''].join('\n');
    })
    .join(marker);
}

// Stands before each table; no column, being hexadecimal, can look like it.
const marker = '== table';

function lines(output: string): string[] {
  return output.split('\n').filter((line) => line !== '');
}

/** Text as an SQL string. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
