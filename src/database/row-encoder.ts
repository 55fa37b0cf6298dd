import { isUtf8 } from 'node:buffer';
import type { BlobLane } from './blob-lane.js';
import type { ColumnEncoding, ColumnKind } from './column-encoding.js';
import type { RawValue } from './database-session.js';
import {
  isCarriedAsText,
  writeAscii,
  writeEscaped,
  writeHexDigits,
  writeRaw,
  writeText,
} from './sql-literal.js';

/** Longest of what surrounds a value: introducer, quotes, comma. */
const VALUE_OVERHEAD = 40;
const PIECE_BYTES = 128 * 1024;
const COMMA = 0x2c;
const QUOTE = 0x27;

/** Writes the rows of one table as `(…)`. */
export class RowEncoder {
  readonly #kinds: Uint8Array;
  readonly #hexPrefixes: readonly string[];
  readonly #lane: BlobLane | undefined;
  readonly #blockBytes: number;
  /** Text values that were no valid UTF-8, by column. */
  readonly invalidText: number[];

  constructor(columns: readonly ColumnEncoding[], blockBytes: number, lane: BlobLane | undefined) {
    this.#kinds = Uint8Array.from(columns, ({ kind }) => kindNumbers[kind]);
    this.#hexPrefixes = columns.map(({ hexPrefix }) => hexPrefix);
    this.#blockBytes = blockBytes;
    this.#lane = lane;
    this.invalidText = columns.map(() => 0);
    lane?.beginTable(columns.map(({ kind }) => kind === 'binary'));
  }

  /** No row takes more bytes of the block than this. */
  bound(row: readonly RawValue[]): number {
    const lane = this.#lane;
    let bytes = 4 + VALUE_OVERHEAD * row.length;
    for (let i = 0; i < row.length; i++) {
      const value = row[i] as RawValue;
      if (value === null) continue;
      const { length } = value;
      if (length < 200 || lane?.willTake(i, length, this.#blockBytes) !== true) bytes += 2 * length;
    }
    return bytes;
  }

  /** Writes a row that fits, and gives the position behind it. */
  encode(row: readonly RawValue[], block: Buffer, start: number): number {
    const kinds = this.#kinds;
    const lane = this.#lane;
    let at = start;
    let blobBytes = 0;
    block[at++] = 0x28;
    for (let i = 0; i < kinds.length; i++) {
      if (i > 0) block[at++] = COMMA;
      const value = row[i] as RawValue;
      if (value === null) {
        at = writeAscii(block, at, 'NULL');
        continue;
      }
      switch (kinds[i]) {
        case NUMBER:
          at = writeNumber(block, at, value);
          break;
        case QUOTED:
          block[at++] = QUOTE;
          at = writeRaw(block, at, value);
          block[at++] = QUOTE;
          break;
        case TEXT: {
          const end = writeText(block, at, value, false);
          at = end < 0 ? this.#hexText(block, at, value, i) : end;
          break;
        }
        case ASCII_TEXT: {
          const end = writeText(block, at, value, true);
          at = end < 0 ? this.#hexText(block, at, value, i) : end;
          break;
        }
        case HEX_TEXT:
          at = this.#hexText(block, at, value, i);
          break;
        default:
          if (value.length === 0) at = writeAscii(block, at, "x''");
          else if (lane?.takes(i, value, this.#blockBytes) === true) {
            at = writeAscii(block, at, `@v${lane.put(value)}`);
          } else {
            block[at] = 0x30;
            block[at + 1] = 0x78;
            at = writeHexDigits(block, at + 2, value);
            blobBytes += 2 * value.length;
          }
      }
    }
    block[at++] = 0x29;
    lane?.countRow(at - start - blobBytes, blobBytes);
    return at;
  }

  /** A row of any size, in pieces that each fit a block. `begin` and `end` frame it. */
  *pieces(
    row: readonly RawValue[],
    acquire: () => Buffer,
    begin: string,
    end: string,
  ): Generator<Buffer, void> {
    let block = acquire();
    let at = 0;
    const room = function* (bytes: number): Generator<Buffer, void> {
      if (at + bytes <= block.length) return;
      yield block.subarray(0, at);
      block = acquire();
      at = 0;
    };
    yield* room(begin.length * 3);
    at += block.write(begin, at, 'utf8');
    block[at++] = 0x28;
    for (let i = 0; i < row.length; i++) {
      const value = row[i] as RawValue;
      yield* room(64);
      if (i > 0) block[at++] = COMMA;
      if (value === null) {
        at = writeAscii(block, at, 'NULL');
        continue;
      }
      const kind = this.#kinds[i]!;
      if (kind === NUMBER) {
        yield* room(value.length + 8);
        at = writeNumber(block, at, value);
        continue;
      }
      const quoted =
        kind === QUOTED ||
        ((kind === TEXT || kind === ASCII_TEXT || value.length === 0) &&
          kind !== BINARY &&
          isCarriedAsText(value, kind === ASCII_TEXT));
      if (value.length === 0 && !quoted) at = writeAscii(block, at, "x''");
      else if (quoted) block[at++] = QUOTE;
      else at = writeAscii(block, at, this.#hexPrefixes[i]!);
      if (!quoted && kind === TEXT) this.#noteInvalid(value, i);
      for (let from = 0; from < value.length; from += PIECE_BYTES) {
        const piece = value.subarray(from, from + PIECE_BYTES);
        yield* room(2 * piece.length + 64);
        at = quoted ? writeEscaped(block, at, piece) : writeHexDigits(block, at, piece);
      }
      if (quoted) block[at++] = QUOTE;
    }
    yield* room(64);
    block[at++] = 0x29;
    at = writeAscii(block, at, end);
    yield block.subarray(0, at);
  }

  #hexText(block: Buffer, start: number, value: Buffer, column: number): number {
    if (value.length === 0) return writeAscii(block, start, "''");
    if (this.#kinds[column] === TEXT) this.#noteInvalid(value, column);
    const at = writeAscii(block, start, this.#hexPrefixes[column]!);
    return writeHexDigits(block, at, value);
  }

  #noteInvalid(value: Buffer, column: number): void {
    if (!isUtf8(value)) this.invalidText[column]!++;
  }
}

const NUMBER = 0;
const QUOTED = 1;
const TEXT = 2;
const ASCII_TEXT = 3;
const HEX_TEXT = 4;
const BINARY = 5;
const kindNumbers: Readonly<Record<ColumnKind, number>> = {
  number: NUMBER,
  quoted: QUOTED,
  text: TEXT,
  'ascii-text': ASCII_TEXT,
  'hex-text': HEX_TEXT,
  binary: BINARY,
};

function writeNumber(block: Buffer, at: number, value: Buffer): number {
  const end = writeRaw(block, at, value);
  // Minus zero is one only for a floating-point literal.
  return value.length === 2 && value[0] === 0x2d && value[1] === 0x30 ? writeAscii(block, end, 'e0') : end;
}
