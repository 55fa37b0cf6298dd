import type { ServerResponse } from 'node:http';

/** How long a run may take to clean up after its image was sent, before others are told to come back, in milliseconds. */
const cleanUpMs = 500;

/**
 * The backups that run at once. A run whose image has been sent is cleaning up and will be gone in a moment: a script that
 * asks for the next image as soon as it has the last one waits for it, rather than being refused.
 *
 * @internal
 */
export class BackupSlots {
  readonly #limit: number;
  readonly #taken = new Set<ServerResponse>();
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether there is a slot for this answer; then give it back with {@link release}. */
  async take(response: ServerResponse): Promise<boolean> {
    if (this.#taken.size >= this.#limit) await this.#cleanUp();
    if (this.#taken.size >= this.#limit) return false;
    this.#taken.add(response);
    return true;
  }

  release(response: ServerResponse): void {
    this.#taken.delete(response);
    this.#waiting.shift()?.();
  }

  /** Waits for one slot, if one is about to become free. */
  async #cleanUp(): Promise<void> {
    const ending = [...this.#taken].filter((response) => response.writableEnded || response.destroyed).length;
    if (ending <= this.#waiting.length) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(done), 1);
        resolve();
      }, cleanUpMs);
      this.#waiting.push(done);
    });
  }
}
