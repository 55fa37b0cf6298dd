import { availableParallelism } from 'node:os';
import { constants, crc32, deflateRaw } from 'node:zlib';
import { BLOCK_BYTES, blockPool, type BlockPool } from './block-pool.js';
import { StrategyChooser, type BlockStrategy } from './block-strategy.js';
import { DEFAULT_LEVEL } from './default-level.js';
import { FINAL_BLOCK, storedCopy } from './stored-blocks.js';

/** Settings of {@link BlockDeflater}. */
export interface BlockDeflaterOptions {
  /** zlib level, 0 to 9. 0 frames without compressing. Default: {@link DEFAULT_LEVEL}. */
  readonly level?: number | undefined;
  /** The content is compressed already: it is only framed, whatever the level. Default: false. */
  readonly compressed?: boolean | undefined;
  /** Bytes a block. Default: 1 MiB, the knee of size against speed. */
  readonly blockBytes?: number | undefined;
  /** Blocks in compression at once. Default: the number of cores + 1. */
  readonly inFlight?: number | undefined;
  /** Where consumed blocks go back to. Default: the shared pool. */
  readonly pool?: BlockPool | undefined;
  /** Called with each block of the content, in order, before it is compressed. For hashing and counting. */
  readonly onBlock?: ((block: Uint8Array) => void) | undefined;
  /** Overrides the choice of a strategy, in tests. */
  readonly strategy?: ((block: Uint8Array) => BlockStrategy) | undefined;
}

/** Hexadecimal digits of compressed bytes: half a byte of content each, and a little for the codes. */
const HUFFMAN_SHARE = 0.57;
/** XML and SQL text at the default level stays below this. */
const MATCHES_SHARE = 0.25;

type Settings = { readonly [K in keyof BlockDeflaterOptions]-?: NonNullable<BlockDeflaterOptions[K]> };

/**
 * Compresses on all cores into one valid raw deflate stream.
 *
 * The content is cut into blocks, each compressed on its own with a full flush at its end, so that the results can stand
 * one after the other; an empty final block closes the stream. Iterate it once; afterwards `bytes`, `compressedBytes` and
 * `crc32` are complete. Leaving the loop early closes the source.
 */
export class BlockDeflater implements AsyncIterable<Buffer> {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #settings: Settings;
  #bytes = 0;
  #compressedBytes = 0;
  #crc32 = 0;

  constructor(source: AsyncIterable<Uint8Array>, options: BlockDeflaterOptions = {}) {
    const chooser = new StrategyChooser();
    this.#source = source;
    this.#settings = {
      level: options.level ?? DEFAULT_LEVEL,
      compressed: options.compressed ?? false,
      blockBytes: options.blockBytes ?? BLOCK_BYTES,
      inFlight: options.inFlight ?? availableParallelism() + 1,
      pool: options.pool ?? blockPool,
      strategy: options.strategy ?? ((block) => chooser.choose(block)),
      onBlock: options.onBlock ?? ignore,
    };
  }

  /** Bytes of content consumed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes given out. */
  get compressedBytes(): number {
    return this.#compressedBytes;
  }

  /** CRC-32 of the content consumed. */
  get crc32(): number {
    return this.#crc32;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    const { blockBytes, inFlight, pool, onBlock } = this.#settings;
    const queue: Promise<Buffer>[] = [];
    try {
      for await (const block of regroup(this.#source, blockBytes, pool)) {
        this.#bytes += block.length;
        this.#crc32 = crc32(block, this.#crc32);
        onBlock(block);
        const result = this.#compress(block);
        // Awaited in its turn below; until then a failure must not count as unhandled.
        result.catch(ignore);
        queue.push(result);
        while (queue.length >= inFlight) yield this.#count(await queue.shift()!);
      }
      while (queue.length > 0) yield this.#count(await queue.shift()!);
      yield this.#count(Buffer.from(FINAL_BLOCK));
    } finally {
      // The thread pool still reads these blocks: they may not be reused before it is done with them.
      await Promise.allSettled(queue);
    }
  }

  async #compress(block: Uint8Array): Promise<Buffer> {
    const { level, compressed, pool, strategy } = this.#settings;
    try {
      const chosen = compressed || level === 0 ? 'stored' : strategy(block);
      if (chosen === 'stored') return storedCopy(block);
      const deflated = await deflateBlock(block, level, chosen);
      return deflated.length <= block.length ? deflated : storedCopy(block);
    } finally {
      pool.release(block);
    }
  }

  #count(result: Buffer): Buffer {
    this.#compressedBytes += result.length;
    return result;
  }
}

/**
 * Chunks of any size as blocks. A chunk of a quarter block or more is a block of its own, uncopied, so that a source
 * decides by its chunks what is compressed together; smaller ones are gathered.
 */
async function* regroup(
  source: AsyncIterable<Uint8Array>,
  blockBytes: number,
  pool: BlockPool,
): AsyncGenerator<Uint8Array, void, undefined> {
  const ownBlockFrom = blockBytes >> 2;
  const fresh = (): Buffer => (blockBytes === BLOCK_BYTES ? pool.acquire() : Buffer.allocUnsafe(blockBytes));
  let gathered: Buffer | undefined;
  let used = 0;
  const take = (): Uint8Array => {
    const block = gathered!.subarray(0, used);
    gathered = undefined;
    return block;
  };
  try {
    for await (const chunk of source) {
      if (chunk.length >= ownBlockFrom) {
        if (gathered !== undefined) yield take();
        // A pooled block is never larger than this, so it is given away in one piece.
        for (let from = 0; from < chunk.length; from += blockBytes)
          yield chunk.subarray(from, from + blockBytes);
        continue;
      }
      let from = 0;
      while (from < chunk.length) {
        if (gathered === undefined) {
          gathered = fresh();
          used = 0;
        }
        const to = Math.min(chunk.length, from + blockBytes - used);
        gathered.set(chunk.subarray(from, to), used);
        used += to - from;
        from = to;
        if (used === blockBytes) yield take();
      }
      pool.release(chunk);
    }
    if (gathered !== undefined) yield take();
  } finally {
    if (gathered !== undefined) pool.release(gathered);
  }
}

function deflateBlock(block: Uint8Array, level: number, strategy: 'matches' | 'huffman'): Promise<Buffer> {
  const huffman = strategy === 'huffman';
  return new Promise((resolve, reject) => {
    deflateRaw(
      block,
      {
        level: huffman ? 1 : level,
        strategy: huffman ? constants.Z_HUFFMAN_ONLY : constants.Z_DEFAULT_STRATEGY,
        // What usually comes out fits one chunk: a second one means that both are copied together.
        chunkSize: Math.max(4096, Math.ceil(block.length * (huffman ? HUFFMAN_SHARE : MATCHES_SHARE))),
        finishFlush: constants.Z_FULL_FLUSH,
      },
      (error, result) => {
        if (error === null) resolve(result);
        else reject(error);
      },
    );
  });
}

function ignore(): void {
  // Nothing to do, or kept for its turn in the queue.
}
