import { deflateRawSync } from 'node:zlib';
import { writeAscii, writeHexDigits } from './sql-literal.js';

const MIN_VALUE_BYTES = 200;
const SAMPLE_BYTES = 32 * 1024;
const SAMPLE_BYTES_A_VALUE = 2048;
/** Deflated to less than this share, a sample compresses well enough to stay among the text. */
const INCOMPRESSIBLE_SHARE = 0.9;
/** Where less than this share of the output is text, parting it from the hexadecimal digits gains nothing. */
const MIN_TEXT_SHARE = 0.08;
/** What a statement's variables may hold in the memory of the server that restores them, as hexadecimal digits. */
const MAX_VARIABLE_BYTES = 8 * 1024 * 1024;
const MAX_VARIABLES = 8192;

/** What is known of one binary column. */
interface ColumnSample {
  readonly parts: Buffer[];
  bytes: number;
  verdict: 'sampling' | 'lane' | 'inline';
}

/**
 * Keeps long incompressible values apart from the text of their rows. Mixed in one block, hexadecimal digits and text cost
 * five times the time to compress and come out larger. So such a value is written first, into blocks of its own, as a
 * user variable, `SET @v1=0x…,@v2=0x…;`, and the row that follows names the variable.
 *
 * A variable is set before the statement that names it begins; numbers start again with each block of statements.
 */
export class BlobLane {
  readonly #acquire: () => Buffer;
  readonly #emit: (block: Buffer) => void;
  #columns: (ColumnSample | undefined)[] = [];
  #block: Buffer | undefined;
  #length = 0;
  #variables = 0;
  #variableBytes = 0;
  #highest = 0;
  #textBytes = 0;
  #blobBytes = 0;

  constructor(acquire: () => Buffer, emit: (block: Buffer) => void) {
    this.#acquire = acquire;
    this.#emit = emit;
  }

  /** A new table begins; `binary[i]` says whether its column holds bytes. */
  beginTable(binary: readonly boolean[]): void {
    this.#columns = binary.map((is) => (is ? { parts: [], bytes: 0, verdict: 'sampling' } : undefined));
    this.#textBytes = 0;
    this.#blobBytes = 0;
  }

  /** Whether a value goes through the lane; its column is sampled until that is known. */
  takes(column: number, value: Buffer, blockBytes: number): boolean {
    const { length } = value;
    if (length < MIN_VALUE_BYTES || 2 * length + 64 > blockBytes) return false;
    const sample = this.#columns[column];
    if (sample === undefined) return false;
    if (sample.verdict === 'sampling') this.#sample(sample, value);
    return sample.verdict === 'lane';
  }

  /** Whether it is known already that a value of this length goes through the lane. */
  willTake(column: number, length: number, blockBytes: number): boolean {
    return (
      length >= MIN_VALUE_BYTES && 2 * length + 64 <= blockBytes && this.#columns[column]?.verdict === 'lane'
    );
  }

  /** For the share of text in a table's rows, while columns are sampled. */
  countRow(textBytes: number, blobBytes: number): void {
    this.#textBytes += textBytes;
    this.#blobBytes += blobBytes;
  }

  /** Writes a value and gives the number of its variable. */
  put(value: Buffer): number {
    const needed = 2 * value.length + 24;
    if (this.#block !== undefined && this.#length + needed > this.#block.length) this.#finishBlock();
    this.#block ??= this.#acquire();
    const number = ++this.#variables;
    if (number > this.#highest) this.#highest = number;
    let at = this.#length;
    at = writeAscii(this.#block, at, at === 0 ? `SET @v${number}=0x` : `,@v${number}=0x`);
    at = writeHexDigits(this.#block, at, value);
    this.#variableBytes += at - this.#length;
    this.#length = at;
    return number;
  }

  /** The statement that is open should end: its variables are many, or hold much. */
  get full(): boolean {
    return this.#variables >= MAX_VARIABLES || this.#variableBytes >= MAX_VARIABLE_BYTES;
  }

  /** Before the statements that name the variables are given out. */
  flush(): void {
    this.#finishBlock();
    this.#variables = 0;
    this.#variableBytes = 0;
  }

  /** Gives the memory back that a run which failed still holds. */
  takeBlock(): Buffer | undefined {
    const block = this.#block;
    this.#block = undefined;
    return block;
  }

  /** Lines that empty every variable that was set. */
  resetLines(): string {
    let lines = '';
    for (let first = 1; first <= this.#highest; first += 1000) {
      const last = Math.min(this.#highest, first + 999);
      const names = Array.from({ length: last - first + 1 }, (_, i) => `@v${first + i}=NULL`);
      lines += `SET ${names.join(',')};\n`;
    }
    return lines;
  }

  #finishBlock(): void {
    if (this.#block === undefined) return;
    const end = writeAscii(this.#block, this.#length, ';\n');
    const block = this.#block.subarray(0, end);
    this.#block = undefined;
    this.#length = 0;
    this.#emit(block);
  }

  #sample(sample: ColumnSample, value: Buffer): void {
    // A copy: the value is a view of memory that the next read overwrites.
    sample.parts.push(Buffer.from(value.subarray(0, SAMPLE_BYTES_A_VALUE)));
    sample.bytes += Math.min(value.length, SAMPLE_BYTES_A_VALUE);
    if (sample.bytes < SAMPLE_BYTES) return;
    const bytes = Buffer.concat(sample.parts);
    sample.parts.length = 0;
    const incompressible = deflateRawSync(bytes, { level: 1 }).length > bytes.length * INCOMPRESSIBLE_SHARE;
    const total = this.#textBytes + this.#blobBytes;
    const hasText = total === 0 || this.#textBytes >= total * MIN_TEXT_SHARE;
    sample.verdict = incompressible && hasText ? 'lane' : 'inline';
  }
}
