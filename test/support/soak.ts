/** Whether this is the long run: `npm run soak`. */
export const isSoak = process.env['GATEWAY_BACKUP_SOAK'] === '1';

/** How many rounds a randomised test makes: few in every run, many in the long one. */
export function rounds(usually: number, inSoak: number): number {
  return isSoak ? inSoak : usually;
}

/**
 * The seed of a randomised test: `GATEWAY_BACKUP_SEED` to repeat a run, else a new one. It is printed, so that a failure
 * can be repeated.
 */
export function testSeed(testName: string): number {
  const given = process.env['GATEWAY_BACKUP_SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  console.log(`${testName}: GATEWAY_BACKUP_SEED=${seed}`);
  return seed;
}
