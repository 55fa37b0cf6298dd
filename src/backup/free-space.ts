import { statfs } from 'node:fs/promises';
import { BackupError } from '../errors.js';

/** What a folder must be able to take. */
export interface SpaceNeed {
  readonly folder: string;
  readonly bytes: number;
}

/**
 * Checks that a folder has room.
 *
 * @throws BackupError `INSUFFICIENT_SPACE`, naming the folder and both numbers.
 */
export async function checkFreeSpace({ folder, bytes }: SpaceNeed): Promise<void> {
  // Not every file system can tell; there, writing itself will.
  const found = await statfs(folder).catch(() => undefined);
  if (found === undefined || found.blocks === 0) return;
  const free = found.bavail * found.bsize;
  if (free >= bytes) return;
  throw new BackupError(
    'INSUFFICIENT_SPACE',
    `Not enough space in ${folder}: about ${bytes} bytes are needed, ${free} bytes are free.`,
    {
      stage: 'plan',
      hint: 'Free some space, name another folder (--work-dir, option workDirectory, or the image), or back up fewer components.',
    },
  );
}
