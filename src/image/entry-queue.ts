import type { PreparedContent } from './prepare-content.js';

/** Small entries that may be read and compressed before their turn. */
const MAX_AHEAD = 512;
const MAX_AHEAD_BYTES = 8 * 1024 * 1024;
/** Share that stays when some have to be written, so that those who read ahead are never without work. */
const KEPT_AHEAD = 0.75;

/** Content that is there, or on its way. `undefined`: the entry's source is gone. */
export type AwaitedContent = PreparedContent | undefined | Promise<PreparedContent | undefined>;

interface Waiting<Target> {
  readonly target: Target;
  readonly content: AwaitedContent;
  /** As expected; the content may turn out larger. */
  readonly bytes: number;
}

/**
 * Entries whose content is read and compressed ahead, by other threads. They are written in their order, and only so many
 * wait that memory stays small.
 */
export class EntryQueue<Target> {
  readonly #write: (target: Target, content: PreparedContent | undefined) => Promise<void> | undefined;
  readonly #waiting: Waiting<Target>[] = [];
  #first = 0;
  #bytes = 0;

  /** @param write - Called with one entry after the other; its promise is waited for. */
  constructor(write: (target: Target, content: PreparedContent | undefined) => Promise<void> | undefined) {
    this.#write = write;
  }

  /** Takes an entry in; the promise, if there is one, is to be waited for before the next. */
  add(target: Target, content: AwaitedContent, bytes: number): Promise<void> | undefined {
    if (!(content instanceof Promise)) {
      if (this.#length === 0) return this.#write(target, content);
    } else {
      // Awaited in its turn; until then a failure must not count as unhandled.
      content.catch(ignore);
    }
    this.#waiting.push({ target, content, bytes });
    this.#bytes += bytes;
    return this.#length > MAX_AHEAD || this.#bytes > MAX_AHEAD_BYTES ? this.#shorten() : undefined;
  }

  /** Writes all that waits. */
  async drain(): Promise<void> {
    while (this.#length > 0) await this.#writeFirst();
  }

  get #length(): number {
    return this.#waiting.length - this.#first;
  }

  /** By a part and not by one, so that those who read ahead are given many at a time. */
  async #shorten(): Promise<void> {
    do await this.#writeFirst();
    while (this.#length > MAX_AHEAD * KEPT_AHEAD || this.#bytes > MAX_AHEAD_BYTES * KEPT_AHEAD);
  }

  async #writeFirst(): Promise<void> {
    const { target, content, bytes } = this.#waiting[this.#first++]!;
    if (this.#first === this.#waiting.length || this.#first >= MAX_AHEAD) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    this.#bytes -= bytes;
    await this.#write(target, content instanceof Promise ? await content : content);
  }
}

function ignore(): void {
  // Thrown when its turn comes.
}
