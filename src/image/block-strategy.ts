import { constants, deflateRawSync } from 'node:zlib';

/** How one block is compressed. */
export type BlockStrategy = 'matches' | 'huffman' | 'stored';

const WINDOW_BYTES = 2048;
const WINDOWS = 4;
const TRIAL_BYTES = 24 * 1024;
/** Text, SQL and XML stay below this many bits a byte; above it, compressed or encrypted content is likely. */
const DENSE_BITS = 7;
/** Below this share of hexadecimal digits a block has enough else in it to be worth a search for matches. */
const HEX_SHARE = 0.95;

/** How many blocks of a kind in a row share the trial of the first. */
const BLOCKS_A_TRIAL = 8;

/**
 * Chooses how to compress the blocks of one stream by looking at a little of each.
 *
 * Hexadecimal digits of compressed bytes have no matches worth finding: Huffman codes alone are five times faster there
 * and six per cent smaller. Compressed bytes themselves are best left alone. A histogram of a few windows finds the
 * suspects; only those pay for a trial, which tells hex of text (many matches) from hex of compressed bytes. What follows
 * of the same kind is taken to be alike for a while.
 */
export class StrategyChooser {
  #kind: 'dense' | 'hex' | undefined;
  #verdict: BlockStrategy = 'matches';
  #trusted = 0;

  choose(block: Uint8Array): BlockStrategy {
    const kind = suspicion(block);
    if (kind === undefined) return 'matches';
    if (kind !== this.#kind || this.#trusted === 0) {
      this.#kind = kind;
      this.#verdict = tried(block, kind);
      this.#trusted = BLOCKS_A_TRIAL;
    }
    this.#trusted -= 1;
    return this.#verdict;
  }
}

/** How to compress one block. */
export function chooseStrategy(block: Uint8Array): BlockStrategy {
  return new StrategyChooser().choose(block);
}

function suspicion(block: Uint8Array): 'dense' | 'hex' | undefined {
  if (block.length < 64) return undefined;
  const { bits, hexShare } = measure(histogram(block));
  if (bits >= DENSE_BITS) return 'dense';
  return hexShare >= HEX_SHARE ? 'hex' : undefined;
}

function tried(block: Uint8Array, kind: 'dense' | 'hex'): BlockStrategy {
  const from = Math.max(0, (block.length - TRIAL_BYTES) >> 1);
  const trial = block.subarray(from, from + TRIAL_BYTES);
  const withMatches = deflateRawSync(trial, { level: 1 }).length;
  if (kind === 'dense') return withMatches > trial.length * 0.97 ? 'stored' : 'matches';
  const withoutMatches = deflateRawSync(trial, { level: 1, strategy: constants.Z_HUFFMAN_ONLY }).length;
  return withoutMatches <= withMatches ? 'huffman' : 'matches';
}

/**
 * Whether content looks compressed or encrypted, from three glimpses: made for thousands of small files whose names say
 * so already. 128 random bytes have about 101 different values; text and code have half as many.
 */
export function isDense(content: Uint8Array): boolean {
  if (content.length < 8 * GLIMPSE_BYTES) return false;
  let different = 0;
  for (let quarter = 1; quarter <= 3; quarter++) {
    const from = ((content.length * quarter) >> 2) - (GLIMPSE_BYTES >> 1);
    seen.fill(0);
    for (let i = from; i < from + GLIMPSE_BYTES; i++) seen[content[i]!] = 1;
    for (let value = 0; value < 256; value++) different += seen[value]!;
  }
  return different >= 3 * DENSE_VALUES;
}

const GLIMPSE_BYTES = 128;
const DENSE_VALUES = 85;
const seen = new Uint8Array(256);

function histogram(block: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  const step = Math.max(WINDOW_BYTES, Math.floor((block.length - WINDOW_BYTES) / (WINDOWS - 1)));
  for (let start = 0; start < block.length; start += step) {
    const end = Math.min(start + WINDOW_BYTES, block.length);
    for (let i = start; i < end; i++) counts[block[i]!]!++;
  }
  return counts;
}

function measure(counts: Uint32Array): { bits: number; hexShare: number } {
  let total = 0;
  for (const count of counts) total += count;
  let bits = 0;
  for (const count of counts) {
    if (count > 0) bits -= (count / total) * Math.log2(count / total);
  }
  return { bits, hexShare: hexDigits.reduce((sum, digit) => sum + counts[digit]!, 0) / total };
}

const hexDigits = Array.from('0123456789abcdefABCDEF', (digit) => digit.charCodeAt(0));
