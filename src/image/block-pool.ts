/** Bytes of one block: what the compressor works on at a time, and what a {@link BlockPool} hands out. */
export const BLOCK_BYTES = 1024 * 1024;

/**
 * Recycles large buffers. A dump fills gigabytes of blocks one after the other; fresh memory for each would wait for the
 * garbage collector, which does not see it as urgent, and the resident size would climb.
 *
 * Whoever yields a block to the compressor gives it away: the compressor releases it when it is consumed. So one acquired
 * block is yielded at most once, as one chunk (a `subarray` from its start, when it is not full).
 */
export class BlockPool {
  readonly #blockBytes: number;
  readonly #maxIdle: number;
  readonly #idle: Buffer[] = [];
  readonly #lent = new Map<ArrayBufferLike, Buffer>();

  constructor(blockBytes: number = BLOCK_BYTES, maxIdle = 24) {
    this.#blockBytes = blockBytes;
    this.#maxIdle = maxIdle;
  }

  /** Blocks that were acquired and not released yet. */
  get lent(): number {
    return this.#lent.size;
  }

  /** A block with undefined content. */
  acquire(): Buffer {
    const block = this.#idle.pop() ?? Buffer.from(new ArrayBuffer(this.#blockBytes));
    this.#lent.set(block.buffer, block);
    return block;
  }

  /** Takes a block, or a view of one, back. Does nothing with memory of other origin. */
  release(chunk: Uint8Array): void {
    const block = this.#lent.get(chunk.buffer);
    if (block === undefined) return;
    this.#lent.delete(chunk.buffer);
    if (this.#idle.length < this.#maxIdle) this.#idle.push(block);
  }
}

/** The pool that the dump and the compressor share. */
export const blockPool = new BlockPool();
