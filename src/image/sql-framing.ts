const LF = 0x0a;
const SEMICOLON = 0x3b;
const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const BACKTICK = 0x60;
const BACKSLASH = 0x5c;

const FIRST_LINE = 'SET FOREIGN_KEY_CHECKS = 0;';
const LAST_LINE = 'SET FOREIGN_KEY_CHECKS = 1;';

/** What a line of a dump may start with: the statements that a restore runs, and nothing that could do more. */
const STATEMENTS = [
  'SET ',
  'DROP TABLE ',
  'DROP SEQUENCE ',
  'DROP VIEW ',
  'CREATE TABLE ',
  'CREATE SEQUENCE ',
  'CREATE VIEW ',
  'CREATE OR REPLACE ',
  'CREATE ALGORITHM=',
  'INSERT INTO ',
  'ALTER TABLE ',
  'LOCK TABLES ',
  'UNLOCK TABLES;',
  'SELECT SETVAL(',
  'DO SETVAL(',
  'PREPARE ',
  'EXECUTE ',
  'DEALLOCATE PREPARE ',
].map((words) => Buffer.from(words));

const HEAD_BYTES =
  Math.max(LAST_LINE.length, FIRST_LINE.length, ...STATEMENTS.map((words) => words.length)) + 1;

/**
 * Checks the frame of a dump as its bytes go by, in constant memory: the first and the last line, one statement a line
 * that ends `;` LF, statements of known kinds only, and quotes that are closed on their line.
 */
export class SqlFraming {
  /** The beginning of the current line. */
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headBytes = 0;
  #lineBytes = 0;
  #lastByte = 0;
  #lines = 0;
  #lastLine = '';
  /** The quote that the current position is inside of; 0 outside. */
  #quote = 0;
  #escaped = false;
  #fault: string | undefined;

  /** The next bytes. */
  update(chunk: Uint8Array): void {
    if (this.#fault !== undefined) return;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let from = 0;
    while (from < bytes.length) {
      const lf = bytes.indexOf(LF, from);
      const to = lf === -1 ? bytes.length : lf;
      this.#line(bytes, from, to);
      if (lf === -1) return;
      if (!this.#endLine()) return;
      from = lf + 1;
    }
  }

  /** What is wrong with the whole; `undefined` when nothing is. */
  finish(): string | undefined {
    if (this.#fault !== undefined) return this.#fault;
    if (this.#lines === 0 && this.#lineBytes === 0) return 'it is empty';
    if (this.#lineBytes > 0) return `line ${this.#lines + 1} is cut off`;
    if (this.#lastLine !== LAST_LINE) return `its last line is not ${LAST_LINE}`;
    return undefined;
  }

  #line(bytes: Buffer, from: number, to: number): void {
    if (to === from) return;
    if (this.#headBytes < HEAD_BYTES) {
      const copied = bytes.copy(
        this.#head,
        this.#headBytes,
        from,
        Math.min(to, from + HEAD_BYTES - this.#headBytes),
      );
      this.#headBytes += copied;
    }
    this.#lineBytes += to - from;
    this.#lastByte = bytes[to - 1]!;
    let quote = this.#quote;
    let i = from;
    if (this.#escaped) i++;
    this.#escaped = false;
    for (; i < to; i++) {
      const byte = bytes[i]!;
      if (quote === 0) {
        if (byte === QUOTE || byte === BACKTICK || byte === DOUBLE_QUOTE) quote = byte;
      } else if (byte === quote) {
        // A doubled quote closes and opens again, which comes to the same.
        quote = 0;
      } else if (byte === BACKSLASH && quote !== BACKTICK) {
        i++;
        if (i === to) this.#escaped = true;
      }
    }
    this.#quote = quote;
  }

  /** False when the line is faulty. */
  #endLine(): boolean {
    this.#lines++;
    const head = this.#head.subarray(0, this.#headBytes);
    const line = this.#lineBytes < HEAD_BYTES ? head.toString('latin1') : '';
    const where = `line ${this.#lines}`;
    if (this.#lines === 1 && line !== FIRST_LINE) this.#fault = `its first line is not ${FIRST_LINE}`;
    else if (this.#lineBytes === 0) this.#fault = `${where} is empty`;
    else if (this.#quote !== 0 || this.#escaped) this.#fault = `${where} ends inside quotes`;
    else if (this.#lastByte !== SEMICOLON) this.#fault = `${where} does not end with ;`;
    else if (!STATEMENTS.some((words) => head.subarray(0, words.length).equals(words))) {
      this.#fault = `${where} does not start with a known statement`;
    }
    this.#lastLine = line;
    this.#headBytes = 0;
    this.#lineBytes = 0;
    return this.#fault === undefined;
  }
}
