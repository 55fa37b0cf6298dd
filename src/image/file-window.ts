import type { FileHandle } from 'node:fs/promises';
import { BLOCK_BYTES, blockPool } from './block-pool.js';
import { readFully } from './zip-reader.js';

/** A file read from front to back through one block of memory. */
export class FileWindow implements Disposable {
  readonly #file: FileHandle;
  readonly #block = blockPool.acquire();
  #start = 0;
  #bytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /**
   * Bytes from a position, at most a block of them, fewer only at the end of the file. Valid until the next call.
   */
  async at(position: number, bytes: number): Promise<Buffer> {
    const wanted = Math.min(bytes, BLOCK_BYTES);
    if (position < this.#start || position + wanted > this.#start + this.#bytes) {
      this.#start = position;
      this.#bytes = await readFully(this.#file, this.#block, position);
    }
    const from = position - this.#start;
    return this.#block.subarray(from, Math.min(from + wanted, this.#bytes));
  }

  /** The bytes of a range in chunks, each valid until the next is asked for. Ends early at the end of the file. */
  async *range(start: number, bytes: number): AsyncGenerator<Buffer, void, undefined> {
    for (let position = start; position < start + bytes;) {
      const chunk = await this.at(position, start + bytes - position);
      if (chunk.length === 0) return;
      position += chunk.length;
      yield chunk;
    }
  }

  [Symbol.dispose](): void {
    blockPool.release(this.#block);
  }
}
