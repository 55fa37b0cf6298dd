import { createHash } from 'node:crypto';

/** A value of a row: text, number, truth, bytes, or SQL NULL. */
export type SampleValue = string | number | boolean | Uint8Array | null;

/** Rows of one table as an `INSERT`, a line of its own. All rows must have the same columns. */
export function insertRows(table: string, rows: readonly Readonly<Record<string, SampleValue>>[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const values = rows.map((row) => `(${Object.values(row).map(sqlLiteral).join(', ')})`);
  return `INSERT INTO ${table} (${Object.keys(first).join(', ')}) VALUES ${values.join(', ')};\n`;
}

/** An id as a Gateway makes them: eight bytes that stay the same for a while, then a number. */
export function goid(kind: string, number: number): Buffer {
  const id = createHash('sha256').update(kind).digest().subarray(0, 16);
  id.writeBigUInt64BE(BigInt(number), 8);
  return id;
}

/** One value as SQL. */
function sqlLiteral(value: SampleValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value !== 'string')
    return value.length === 0 ? "x''" : `0x${Buffer.from(value).toString('hex')}`;
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `'${escaped}'`;
}
