import { close, fstat, read, type Stats } from 'node:fs';
import { promisify } from 'node:util';
import { throwIfCancelled } from '../support/abort.js';
import { unreadable } from './open-source.js';
import { changedSince } from './read-source.js';

/**
 * An open file as the content of an entry. Reads no further than the file reached when it was opened, so that a file
 * that grows all the time comes to an end. Closes the descriptor at the end, on failure, and when it is left early, even
 * before the first chunk.
 *
 * @internal
 */
export class SourceContent implements AsyncIterableIterator<Uint8Array> {
  readonly #source: SourceContentOptions;
  #descriptor: number | undefined;
  #position = 0;
  #pending: Promise<unknown> = Promise.resolve();

  constructor(source: SourceContentOptions) {
    this.#source = source;
    this.#descriptor = source.descriptor;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#descriptor === undefined) return { done: true, value: undefined };
    const step = this.#next(this.#descriptor);
    // A descriptor that is being read must not be closed: its number may be another file's by the time of the read.
    this.#pending = step.catch(() => undefined);
    try {
      return await step;
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#pending;
    await this.#close();
    return { done: true, value: undefined };
  }

  async #next(descriptor: number): Promise<IteratorResult<Uint8Array, undefined>> {
    const { path, signal, facts, changed } = this.#source;
    throwIfCancelled(signal, 'collect');
    try {
      const left = facts.size - this.#position;
      if (left > 0) {
        const chunk = Buffer.allocUnsafeSlow(Math.min(left, chunkBytes));
        const { bytesRead } = await readDescriptor(descriptor, chunk, 0, chunk.length, this.#position);
        this.#position += bytesRead;
        if (bytesRead > 0) return { done: false, value: chunk.subarray(0, bytesRead) };
      }
      if (changedSince(facts, await statDescriptor(descriptor), this.#position)) changed();
    } catch (error) {
      throw unreadable(path, error);
    }
    await this.#close();
    return { done: true, value: undefined };
  }

  async #close(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    // Only reading was done, so a failed close loses nothing.
    if (descriptor !== undefined) await closeDescriptor(descriptor).catch(() => undefined);
  }
}

/**
 * What {@link SourceContent} reads.
 *
 * @internal
 */
export interface SourceContentOptions {
  readonly descriptor: number;
  /** For messages. */
  readonly path: Buffer;
  /** As found when it was opened. */
  readonly facts: Stats;
  readonly signal: AbortSignal;
  /** Called at the end if the file has changed since it was opened. */
  readonly changed: () => void;
}

const chunkBytes = 1024 * 1024;
const readDescriptor = promisify(read);
const statDescriptor: (descriptor: number) => Promise<Stats> = promisify(fstat);
const closeDescriptor = promisify(close);
