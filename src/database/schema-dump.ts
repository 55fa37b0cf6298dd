import { isUtf8 } from 'node:buffer';
import { identifier, survivesRestore } from './identifier.js';

/**
 * Statements that recreate a table: each one physical line, as bytes.
 *
 * The server's own text is read token by token: line ends between tokens become spaces, conditional comments are
 * unwrapped, and strings are written again with the five escapes that a restore knows. A default that is no text becomes
 * a hexadecimal literal. What no literal can carry (a comment with `0x,`, a name with a backslash) goes through a prepared
 * statement whose text is hexadecimal.
 */
export function createTableLines(table: string, createSql: Buffer): Buffer {
  const ddl = new DdlText(createSql, identifier(table)).rewrite();
  const drop = `DROP TABLE IF EXISTS ${identifier(table)}`;
  return Buffer.concat([
    survivesRestore(drop) ? Buffer.from(`${drop};\n`) : preparedStatement(Buffer.from(drop)),
    ddl.plain ? Buffer.concat([ddl.sql, Buffer.from(';\n')]) : preparedStatement(ddl.sql),
  ]);
}

/** Lines that run a statement from its hexadecimal text. */
export function preparedStatement(sql: Buffer): Buffer {
  return Buffer.from(
    `SET @statement=_utf8mb4 0x${sql.toString('hex')};\nPREPARE statement FROM @statement;\nEXECUTE statement;\n` +
      'DEALLOCATE PREPARE statement;\nSET @statement=NULL;\n',
    'latin1',
  );
}

/** The same definition without the one thing that rows change. */
export function withoutAutoIncrement(createSql: Buffer): string {
  return createSql.toString('latin1').replace(/ AUTO_INCREMENT=\d+/g, '');
}

class DdlText {
  readonly #source: Buffer;
  readonly #name: string;
  readonly #parts: Buffer[] = [];
  #at = 0;
  #plain = true;
  /** Upper case; the word or sign before the current token. */
  #previous = '';

  constructor(source: Buffer, name: string) {
    this.#source = source;
    this.#name = name;
  }

  rewrite(): { readonly sql: Buffer; readonly plain: boolean } {
    let named = false;
    while (this.#at < this.#source.length) {
      const byte = this.#source[this.#at]!;
      if (byte === BACKQUOTE) {
        const name = this.#quoted();
        // The first name is the table's own.
        this.#emit(named ? name : Buffer.from(this.#name));
        named = true;
      } else if (byte === QUOTE) this.#string();
      else if (isSpace(byte)) this.#space();
      else if (this.#startsWith('/*!') || this.#startsWith('/*M!')) this.#openComment();
      else if (this.#startsWith('*/')) this.#at += 2;
      else this.#word();
    }
    const sql = Buffer.concat(this.#parts);
    if (!survivesRestore(withoutStrings(sql))) this.#plain = false;
    return { sql, plain: this.#plain };
  }

  #emit(part: Buffer): void {
    this.#parts.push(part);
    this.#previous = '';
  }

  /** A name in back-quotes, as it stands. */
  #quoted(): Buffer {
    const start = this.#at;
    let at = start + 1;
    for (;;) {
      at = this.#source.indexOf(BACKQUOTE, at);
      if (at < 0) throw new Error('a name without an end in a table definition');
      if (this.#source[at + 1] !== BACKQUOTE) break;
      at += 2;
    }
    this.#at = at + 1;
    return this.#source.subarray(start, this.#at);
  }

  #string(): void {
    const start = this.#at;
    const value = this.#stringValue();
    const text = stringLiteral(value);
    if (text !== undefined) {
      this.#emit(text);
      return;
    }
    if (this.#previous === 'DEFAULT') {
      const introducer = isUtf8(value) ? '_utf8mb4 ' : '';
      this.#emit(Buffer.from(`${introducer}0x${value.toString('hex')}`));
      return;
    }
    // Grammar allows only a string here, so the server's own spelling has to be carried as a whole.
    this.#plain = false;
    this.#emit(this.#source.subarray(start, this.#at));
  }

  /** The bytes that a string stands for; moves behind it. */
  #stringValue(): Buffer {
    const bytes: number[] = [];
    let at = this.#at + 1;
    for (;;) {
      const byte = this.#source[at];
      if (byte === undefined) throw new Error('a string without an end in a table definition');
      if (byte === QUOTE) {
        if (this.#source[at + 1] !== QUOTE) break;
        bytes.push(QUOTE);
        at += 2;
      } else if (byte === BACKSLASH) {
        const escaped = this.#source[at + 1]!;
        const meaning = escapeMeaning[String.fromCharCode(escaped)];
        // `\%` and `\_` keep their backslash.
        if (escaped === 0x25 || escaped === 0x5f) bytes.push(BACKSLASH);
        bytes.push(meaning ?? escaped);
        at += 2;
      } else {
        bytes.push(byte);
        at += 1;
      }
    }
    this.#at = at + 1;
    return Buffer.from(bytes);
  }

  #space(): void {
    while (this.#at < this.#source.length && isSpace(this.#source[this.#at]!)) this.#at += 1;
    // Keeps what the previous word was.
    this.#parts.push(SPACE);
  }

  /** `/*!50100 …` is there for older servers than this one: what it holds is part of the definition. */
  #openComment(): void {
    this.#at += this.#startsWith('/*!') ? 3 : 4;
    while (isDigit(this.#source[this.#at])) this.#at += 1;
  }

  #word(): void {
    const start = this.#at;
    if (isWord(this.#source[start]!)) {
      while (this.#at < this.#source.length && isWord(this.#source[this.#at]!)) this.#at += 1;
    } else this.#at += 1;
    const word = this.#source.subarray(start, this.#at);
    this.#parts.push(word);
    this.#previous = word.toString('latin1').toUpperCase();
  }

  #startsWith(text: string): boolean {
    return this.#source.subarray(this.#at, this.#at + text.length).equals(Buffer.from(text));
  }
}

/** A string with only the five escapes, or `undefined` if it could not survive a restore. */
function stringLiteral(value: Buffer): Buffer | undefined {
  if (!isUtf8(value) || value.includes(0) || value.includes(0x1a) || value.includes('0x,')) return undefined;
  const escaped = value
    .toString('utf8')
    .replace(/[\\'"\n\r]/g, (sign) => `\\${sign === '\n' ? 'n' : sign === '\r' ? 'r' : sign}`);
  return Buffer.from(`'${escaped}'`);
}

/** For the check of what stands outside strings; strings have been checked already. */
function withoutStrings(sql: Buffer): string {
  return sql
    .toString('latin1')
    .replace(/`(?:[^`]|``)*`|'(?:[^'\\]|\\[^])*'/g, (token) => (token.startsWith('`') ? token : "''"));
}

const BACKQUOTE = 0x60;
const QUOTE = 0x27;
const BACKSLASH = 0x5c;
const SPACE = Buffer.from(' ');
const escapeMeaning: Readonly<Record<string, number | undefined>> = {
  0: 0,
  b: 8,
  t: 9,
  n: 10,
  r: 13,
  Z: 26,
};

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isWord(byte: number): boolean {
  return (
    isDigit(byte) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x5f ||
    byte >= 0x80
  );
}
