/**
 * Random numbers that are the same for the same seed on every machine (xorshift128, Marsaglia 2003). Not for secrets.
 *
 * @example
 * ```ts
 * const random = new SeededRandom(1);
 * const content = random.bytes(1000);
 * ```
 *
 * @public
 */
export class SeededRandom {
  #x: number;
  #y: number;
  #z: number;
  #w: number;

  constructor(seed: number) {
    // Far apart start states for neighbouring seeds, and never all zeros.
    this.#x = seed ^ 0x9e3779b9;
    this.#y = Math.imul(seed + 1, 0x85ebca6b);
    this.#z = ~seed;
    this.#w = 0xc2b2ae35 | 0;
    for (let round = 0; round < 16; round += 1) this.next();
  }

  /** 32 random bits, as a number from 0 to 4,294,967,295. */
  next(): number {
    const t = this.#x ^ (this.#x << 11);
    this.#x = this.#y;
    this.#y = this.#z;
    this.#z = this.#w;
    this.#w = this.#w ^ (this.#w >>> 19) ^ t ^ (t >>> 8);
    return this.#w >>> 0;
  }

  /** A whole number from 0 up to, but not including, `limit`. */
  integer(limit: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * limit);
  }

  /** One of the values. */
  pick<T>(values: readonly T[]): T {
    return values[this.integer(values.length)] as T;
  }

  /** Bytes that no compressor can make smaller. */
  bytes(length: number): Buffer {
    const words = new Uint32Array(Math.ceil(length / 4));
    for (let index = 0; index < words.length; index += 1) words[index] = this.next();
    return Buffer.from(words.buffer, 0, length);
  }

  /** Lower-case hexadecimal digits. */
  hex(digits: number): string {
    return this.bytes(Math.ceil(digits / 2))
      .toString('hex')
      .slice(0, digits);
  }
}
