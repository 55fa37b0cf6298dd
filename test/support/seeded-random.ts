import { SeededRandom } from 'gateway-backup/testing';

/** Numbers from 0 up to 1 that a seed repeats, for what takes a `Math.random`. */
export function seededRandom(seed: number): () => number {
  const random = new SeededRandom(seed);
  return () => random.next() / 2 ** 32;
}
