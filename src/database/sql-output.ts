import type { BlockPool } from '../image/block-pool.js';
import { BlobLane } from './blob-lane.js';

/** Blocks on their way to the consumer, the large ones made when they are asked for. */
type Ready = Buffer | Generator<Buffer, void>;

/**
 * Gathers the lines of a dump in blocks. A statement of rows is never cut by the end of a block, so that the variables it
 * names can be given out before it.
 */
export class SqlOutput {
  readonly lane: BlobLane | undefined;
  /** Where blocks come from. */
  readonly pool: BlockPool;
  readonly #ready: Ready[] = [];
  #block: Buffer | undefined;
  #length = 0;
  #bytes = 0;
  #largestStatement = 0;

  constructor(pool: BlockPool, useLane: boolean) {
    this.pool = pool;
    if (useLane) {
      this.lane = new BlobLane(
        () => pool.acquire(),
        (block) => {
          this.#noteStatement(block.length);
          this.#ready.push(block);
        },
      );
    }
  }

  /** Bytes given out. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the longest statement, its line end included. */
  get largestStatement(): number {
    return this.#largestStatement;
  }

  /** Blocks, or rows of more than a block, that wait for the consumer. */
  get waiting(): number {
    return this.#ready.length;
  }

  /** The open block. */
  get block(): Buffer {
    return (this.#block ??= this.pool.acquire());
  }

  /** Where the open block is filled to. */
  get length(): number {
    return this.#length;
  }

  /** Whole lines, each a statement. */
  lines(text: Buffer | string): void {
    const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
    for (let from = 0; from < bytes.length;) {
      const end = bytes.indexOf(0x0a, from) + 1;
      this.#noteStatement(end - from);
      from = end;
    }
    if (this.#length + bytes.length > this.block.length) this.flush();
    for (let from = 0; from < bytes.length;) {
      if (this.#length === this.block.length) this.flush();
      const copied = bytes.copy(this.block, this.#length, from);
      this.#length += copied;
      from += copied;
    }
  }

  /** What was written into the open block up to `end` is a whole statement that began at `start`. */
  endStatement(start: number, end: number): void {
    this.#noteStatement(end - start);
    this.#length = end;
  }

  /** A statement that is too large for a block. */
  large(pieces: Generator<Buffer, void>): void {
    this.flush();
    this.#ready.push(pieces);
  }

  /** Gives the open block out, the variables of its statements first. */
  flush(): void {
    this.lane?.flush();
    if (this.#block === undefined || this.#length === 0) return;
    this.#ready.push(this.#block.subarray(0, this.#length));
    this.#block = undefined;
    this.#length = 0;
  }

  /** What waits, in order. The consumer owns what it is given. */
  *take(): Generator<Buffer, void> {
    for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift()) {
      if (Buffer.isBuffer(next)) {
        this.#bytes += next.length;
        yield next;
        continue;
      }
      let statement = 0;
      for (const piece of next) {
        this.#bytes += piece.length;
        statement += piece.length;
        yield piece;
      }
      this.#noteStatement(statement);
    }
  }

  /** Gives back what nobody will ask for any more. */
  discard(): void {
    for (const block of [...this.#ready, this.#block, this.lane?.takeBlock()]) {
      if (Buffer.isBuffer(block)) this.pool.release(block);
    }
    this.#ready.length = 0;
    this.#block = undefined;
    this.#length = 0;
  }

  #noteStatement(bytes: number): void {
    if (bytes > this.#largestStatement) this.#largestStatement = bytes;
  }
}
