import type { BackupEvent } from '../events.js';
import type { Log } from '../support/log.js';
import { messageOf } from '../support/message-of.js';

const progressIntervalMs = 500;

/**
 * Delivers events to one observer: throttles progress, and shields the run from an observer that throws.
 */
export class EventEmitter {
  readonly #observer: ((event: BackupEvent) => void) | undefined;
  readonly #log: Log;
  readonly #now: () => number;
  #lastProgressAt = -Infinity;
  #heldBack: BackupEvent | undefined;

  constructor(observer: ((event: BackupEvent) => void) | undefined, log: Log, now: () => number) {
    this.#observer = observer;
    this.#log = log;
    this.#now = now;
  }

  emit(event: BackupEvent): void {
    if (event.type !== 'progress') {
      this.#flush();
      this.#deliver(event);
      return;
    }
    if (this.#now() - this.#lastProgressAt < progressIntervalMs) {
      this.#heldBack = event;
      return;
    }
    this.#lastProgressAt = this.#now();
    this.#heldBack = undefined;
    this.#deliver(event);
  }

  /** Delivers the progress that was held back, so that every count reaches its end. */
  #flush(): void {
    const event = this.#heldBack;
    this.#heldBack = undefined;
    this.#lastProgressAt = -Infinity;
    if (event !== undefined) this.#deliver(event);
  }

  #deliver(event: BackupEvent): void {
    try {
      this.#observer?.(event);
    } catch (error) {
      // A broken progress bar must not cost a backup.
      this.#log('the observer of events threw: %s', messageOf(error));
    }
  }
}
