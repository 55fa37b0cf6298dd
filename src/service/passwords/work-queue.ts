/**
 * Runs a bounded number of tasks at once and lets a bounded number wait.
 *
 * @internal
 */
export class WorkQueue {
  readonly #parallel: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(parallel: number, maxWaiting: number) {
    this.#parallel = parallel;
    this.#maxWaiting = maxWaiting;
  }

  /** Whether {@link run} would neither start a task at once nor let it wait. */
  get full(): boolean {
    return this.#running >= this.#parallel && this.#waiting.length >= this.#maxWaiting;
  }

  /** Runs the task when its turn comes. Ask {@link full} first: this never refuses. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#parallel) {
      // Whoever finishes hands its place over, so the count stays as it is.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
