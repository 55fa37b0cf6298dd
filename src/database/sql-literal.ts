import { isAscii, isUtf8 } from 'node:buffer';
import { sqlKernel } from './sql-kernel.js';

/**
 * Writers of SQL literals into a block. Each takes the block and a position and gives the position behind what it wrote;
 * the caller has made sure that there is room (`2 * length + 24` bytes always suffice).
 */

/** What a byte becomes in a string: 0 itself, 1 impossible, 2 a comma (look behind it), else the escape's second byte. */
const ESCAPE = new Uint8Array(256);
ESCAPE[0x00] = 1;
ESCAPE[0x1a] = 1;
ESCAPE[0x2c] = 2;
ESCAPE[0x0a] = 0x6e;
ESCAPE[0x0d] = 0x72;
ESCAPE[0x22] = 0x22;
ESCAPE[0x27] = 0x27;
ESCAPE[0x5c] = 0x5c;

const HEX_PAIRS = new Uint16Array(
  Array.from({ length: 256 }, (_, byte) => {
    const digits = byte.toString(16).padStart(2, '0');
    return digits.charCodeAt(0) | (digits.charCodeAt(1) << 8);
  }),
);

const QUOTE = 0x27;
const BACKSLASH = 0x5c;
/** Up to here a loop beats a call into native code. */
const LOOP_BYTES = 64;
const HEX_LOOP_BYTES = 96;
const HEX_STEP_BYTES = 16 * 1024;

/** Bytes as they are. */
export function writeRaw(block: Buffer, at: number, value: Uint8Array): number {
  const { length } = value;
  if (length <= LOOP_BYTES) {
    for (let i = 0; i < length; i++) block[at + i] = value[i]!;
  } else block.set(value, at);
  return at + length;
}

/** ASCII text of ours. */
export function writeAscii(block: Buffer, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) block[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/**
 * A string with the five escapes, or -1 if they cannot carry it: it holds NUL, Ctrl-Z or `0x,`, is not UTF-8, or, with
 * `asciiOnly`, holds anything else than ASCII. What was written by then is to be overwritten.
 */
export function writeText(block: Buffer, at: number, value: Buffer, asciiOnly: boolean): number {
  return value.length <= SHORT_TEXT_BYTES
    ? writeShortText(block, at, value, asciiOnly)
    : writeLongText(block, at, value, asciiOnly);
}

/** Whether {@link writeText} can carry a value; for values that are written in pieces. */
export function isCarriedAsText(value: Buffer, asciiOnly: boolean): boolean {
  if (value.includes(0) || value.includes(0x1a) || value.includes('0x,', 0, 'latin1')) return false;
  return asciiOnly ? isAscii(value) : isUtf8(value);
}

/** Up to here one loop that does everything beats several calls into native code. */
const SHORT_TEXT_BYTES = 128;

function writeShortText(block: Buffer, start: number, value: Buffer, asciiOnly: boolean): number {
  const { length } = value;
  let at = start;
  let seen = 0;
  block[at++] = QUOTE;
  for (let i = 0; i < length; i++) {
    const byte = value[i]!;
    const escape = ESCAPE[byte]!;
    seen |= byte;
    if (escape === 0) block[at++] = byte;
    else if (escape > 2) {
      block[at] = BACKSLASH;
      block[at + 1] = escape;
      at += 2;
    } else if (escape === 2) {
      if (i > 1 && value[i - 1] === 0x78 && value[i - 2] === 0x30) return -1;
      block[at++] = byte;
    } else return -1;
  }
  if (seen > 0x7f && (asciiOnly || !isUtf8(value))) return -1;
  block[at] = QUOTE;
  return at + 1;
}

function writeLongText(block: Buffer, start: number, value: Buffer, asciiOnly: boolean): number {
  if (!isCarriedAsText(value, asciiOnly)) return -1;
  block[start] = QUOTE;
  const at = writeEscaped(block, start + 1, value);
  block[at] = QUOTE;
  return at + 1;
}

/** The inside of a string, for a value that {@link isCarriedAsText}. */
export function writeEscaped(block: Buffer, start: number, value: Buffer): number {
  if (sqlKernel === undefined) return escapeByByte(block, start, value);
  const { maxBytes } = sqlKernel;
  if (value.length <= maxBytes) return sqlKernel.escape(block, start, value);
  let at = start;
  for (let i = 0; i < value.length; i += maxBytes) {
    at = sqlKernel.escape(block, at, value.subarray(i, i + maxBytes));
  }
  return at;
}

/** {@link writeEscaped} without the kernel. */
export function escapeByByte(block: Buffer, start: number, value: Buffer): number {
  const { length } = value;
  let at = start;
  for (let i = 0; i < length; i++) {
    const byte = value[i]!;
    const escape = ESCAPE[byte]!;
    if (escape < 3) block[at++] = byte;
    else {
      block[at] = BACKSLASH;
      block[at + 1] = escape;
      at += 2;
    }
  }
  return at;
}

/** Hexadecimal digits of a value, without a prefix. */
export function writeHexDigits(block: Buffer, start: number, value: Buffer): number {
  const { length } = value;
  let at = start;
  if (length <= HEX_LOOP_BYTES) {
    for (let i = 0; i < length; i++) {
      const pair = HEX_PAIRS[value[i]!]!;
      block[at] = pair & 0xff;
      block[at + 1] = pair >> 8;
      at += 2;
    }
    return at;
  }
  if (sqlKernel === undefined) return hexByString(block, start, value);
  const { maxBytes } = sqlKernel;
  if (length <= maxBytes) return sqlKernel.hex(block, start, value);
  for (let i = 0; i < length; i += maxBytes) at = sqlKernel.hex(block, at, value.subarray(i, i + maxBytes));
  return at;
}

/** {@link writeHexDigits} without the kernel, for long values. */
export function hexByString(block: Buffer, start: number, value: Buffer): number {
  let at = start;
  for (let i = 0; i < value.length; i += HEX_STEP_BYTES) {
    const end = Math.min(value.length, i + HEX_STEP_BYTES);
    at += block.write(value.toString('hex', i, end), at, 'latin1');
  }
  return at;
}
