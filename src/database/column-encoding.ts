import type { ColumnFacts } from './database-catalog.js';
import { quotedIdentifier } from './identifier.js';

/** How the values of a column are written. */
export type ColumnKind =
  /** Digits as they come. */
  | 'number'
  /** In quotes as they come: dates, addresses; nothing in them needs an escape. */
  | 'quoted'
  /** UTF-8 text. */
  | 'text'
  /** Text of which only ASCII is the same in UTF-8; the rest as hexadecimal digits with an introducer. */
  | 'ascii-text'
  /** Text that always goes as hexadecimal digits with an introducer. */
  | 'hex-text'
  /** Hexadecimal digits. */
  | 'binary';

/** How one column is read and written. */
export interface ColumnEncoding {
  readonly name: string;
  readonly kind: ColumnKind;
  /** What to select. */
  readonly expression: string;
  /** `_latin1 0x`, or `0x` for binary. */
  readonly hexPrefix: string;
}

/** The encoding of a column, or `undefined` for a type that we do not know how to carry. */
export function columnEncoding(column: ColumnFacts): ColumnEncoding | undefined {
  const kind = kindOf(column);
  if (kind === undefined) return undefined;
  return { name: column.name, kind, expression: expressionOf(column), hexPrefix: hexPrefixOf(column, kind) };
}

function kindOf({ dataType, columnType, charset }: ColumnFacts): ColumnKind | undefined {
  const known = kinds.get(dataType);
  if (known !== undefined) return known;
  if (dataType === 'enum' || dataType === 'set') {
    if (!hasClearMembers(columnType)) return 'number';
  } else if (!textTypes.has(dataType)) return undefined;
  if (charset === undefined) return undefined;
  if (charset === 'binary') return 'binary';
  if (utf8Charsets.has(charset)) return 'text';
  return asciiSupersets.has(charset) ? 'ascii-text' : 'hex-text';
}

function expressionOf({ name, dataType, columnType, charset }: ColumnFacts): string {
  const quoted = quotedIdentifier(name);
  // The text form of a FLOAT is rounded by the server, and that of a DOUBLE(M,D) cut; times one it is a full DOUBLE,
  // which keeps the sign of zero and is understood by every release.
  if (dataType === 'float' || dataType === 'double' || dataType === 'real') return `${quoted}*1e0`;
  if ((dataType === 'enum' || dataType === 'set') && !hasClearMembers(columnType)) {
    return `CAST(${quoted} AS UNSIGNED)`;
  }
  // The driver reads the name of a column in the column's own character set, and knows few of them. The bytes stay.
  return charset === undefined || driverCharsets.has(charset) ? quoted : `CAST(${quoted} AS BINARY)`;
}

function hexPrefixOf({ charset, dataType }: ColumnFacts, kind: ColumnKind): string {
  if (kind === 'binary' || kind === 'number') return '0x';
  // MySQL's JSON has no character set of its own, yet takes only utf8mb4.
  return `_${dataType === 'json' ? 'utf8mb4' : (charset ?? 'utf8mb4')} 0x`;
}

/**
 * Whether the text of an ENUM or SET tells its members apart. It does not when one is empty, which is also how an invalid
 * value reads, or when a collation may take two for equal; then the number is written, which is always exact.
 */
function hasClearMembers(columnType: string): boolean {
  const members = Array.from(columnType.matchAll(/'((?:[^']|'')*)'/g), ([, member]) => member!);
  const folded = members.map((member) => member.toLowerCase().replaceAll('y', 'i').replaceAll('w', 'v'));
  return (
    members.every((member) => /^[!-~]+(?: [!-~]+)*$/.test(member)) && new Set(folded).size === members.length
  );
}

const kinds: ReadonlyMap<string, ColumnKind> = new Map<string, ColumnKind>([
  ...['tinyint', 'smallint', 'mediumint', 'int', 'integer', 'bigint', 'decimal', 'numeric', 'year'].map(
    (type) => [type, 'number'] as const,
  ),
  ...['float', 'double', 'real'].map((type) => [type, 'number'] as const),
  ...['date', 'time', 'datetime', 'timestamp', 'uuid', 'inet4', 'inet6'].map(
    (type) => [type, 'quoted'] as const,
  ),
  ...['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'bit'].map(
    (type) => [type, 'binary'] as const,
  ),
  ...[
    'geometry',
    'point',
    'linestring',
    'polygon',
    'multipoint',
    'multilinestring',
    'multipolygon',
    'geometrycollection',
    'geomcollection',
  ].map((type) => [type, 'binary'] as const),
  ['json', 'text'],
]);

const textTypes: ReadonlySet<string> = new Set([
  ...['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'],
]);

const driverCharsets: ReadonlySet<string> = new Set([
  'binary',
  'ascii',
  'latin1',
  'utf8',
  'utf8mb3',
  'utf8mb4',
]);

const utf8Charsets: ReadonlySet<string> = new Set(['utf8', 'utf8mb3', 'utf8mb4']);

/** A test asks a server about each: its bytes below 0x80 are ASCII. UTF-16, UTF-32, UCS-2 and swe7 are not among them. */
const asciiSupersets: ReadonlySet<string> = new Set([
  ...[
    'ascii',
    'latin1',
    'latin2',
    'latin5',
    'latin7',
    'cp850',
    'cp852',
    'cp866',
    'cp1250',
    'cp1251',
    'cp1256',
  ],
  ...['cp1257', 'koi8r', 'koi8u', 'greek', 'hebrew', 'macce', 'macroman', 'big5', 'gbk', 'gb2312', 'gb18030'],
  ...['euckr', 'ujis', 'eucjpms', 'sjis', 'cp932'],
]);
