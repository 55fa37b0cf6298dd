/** A signal that follows the caller's one until it is disposed of, and leaves no listener there afterwards. */
export class LinkedSignal implements Disposable {
  readonly signal: AbortSignal;
  readonly #source: AbortSignal | undefined;
  readonly #follow: () => void;

  constructor(source: AbortSignal | undefined) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#source = source;
    this.#follow = () => {
      controller.abort(source?.reason);
    };
    if (source?.aborted === true) this.#follow();
    else source?.addEventListener('abort', this.#follow, { once: true });
  }

  [Symbol.dispose](): void {
    this.#source?.removeEventListener('abort', this.#follow);
  }
}
