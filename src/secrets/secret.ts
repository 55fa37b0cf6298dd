import type { InspectOptions } from 'node:util';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * A password that cannot be printed by accident: `String(secret)`, JSON and `util.inspect` all give `[secret]`.
 *
 * @example
 * ```ts
 * const secret = new Secret('s3cret');
 * console.log(`${secret}`, JSON.stringify({ secret }));
 * ```
 *
 * @public
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    Object.freeze(this);
  }

  /** The value itself. Call it at the place of use, and never keep the result. */
  reveal(): string {
    return this.#value;
  }

  /** `[secret]` */
  toString(): string {
    return '[secret]';
  }

  /** `[secret]` */
  toJSON(): string {
    return '[secret]';
  }

  /**
   * `[secret]`
   *
   * @internal
   */
  [inspect](_depth: number, _options: InspectOptions): string {
    return '[secret]';
  }
}

/**
 * A secret, or where to get it when it is needed.
 *
 * @public
 */
export type SecretSource = string | Secret | (() => string | Secret | Promise<string | Secret>);

/** Resolves a source to a {@link Secret}. */
export async function resolveSecret(source: SecretSource): Promise<Secret> {
  const value = typeof source === 'function' ? await source() : source;
  return typeof value === 'string' ? new Secret(value) : value;
}
