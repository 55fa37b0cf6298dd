/** Whether the long variant of the suite runs. */
export const soak = process.env['GATEWAY_BACKUP_SOAK'] === '1';

/** A count for every run, and one for the long variant. */
export function times(always: number, inSoak: number): number {
  return soak ? inSoak : always;
}

let chosen: number | undefined;

/** The seed of all random tests of this process: settable, and printed when it was not set. */
export function seed(): number {
  if (chosen === undefined) {
    const given = process.env['GATEWAY_BACKUP_SEED'];
    chosen = given === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(given);
    process.stderr.write(`GATEWAY_BACKUP_SEED=${chosen}\n`);
  }
  return chosen;
}
