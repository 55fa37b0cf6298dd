import { reservedWords } from './reserved-words.js';

/** A name as SQL: bare where it is a plain identifier, quoted only where needed. */
export function identifier(name: string): string {
  return isPlain(name) ? name : quotedIdentifier(name);
}

/** A name as SQL, always quoted. */
export function quotedIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A text as an SQL string for our own questions; not for the dump. */
export function sqlString(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/**
 * Whether a piece of SQL outside strings survives the restore as it stands. A restore reads lines, doubles a backslash
 * that does not stand before one of `n r ' " \`, and turns every `0x,` into `x'',`. Inside quoted names nothing can be
 * escaped, so such a name has to be carried in another way.
 */
export function survivesRestore(sql: string): boolean {
  return !/[\\\n\r\0\u001a]|0x,/u.test(sql);
}

function isPlain(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !reservedWords.has(name.toUpperCase());
}
