import type { ResultFlow } from './dumpable-session.js';

/** Lets a generator sleep until a pushed result has something for it, or is over. */
export class FlowWaiter {
  #wake: (() => void) | undefined;
  #over = false;

  /** @param flow - The result; whoever reads it calls {@link FlowWaiter.wake} when there is something. */
  watch(flow: ResultFlow): void {
    const finish = (): void => {
      this.#over = true;
      this.wake();
    };
    flow.ended.then(finish, finish);
  }

  /** Nothing more will come, whether it ended well or not. */
  get over(): boolean {
    return this.#over;
  }

  wake(): void {
    this.#wake?.();
  }

  async sleep(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}
