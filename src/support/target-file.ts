import { lstat, open, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BackupError, type BackupStage } from '../errors.js';
import { errnoOf } from './errno.js';
import { stagingName } from './staging-leftovers.js';

/**
 * Checks that nothing has a name yet. A link counts, wherever it points.
 *
 * @throws BackupError `SINK_REJECTED`, `name-taken`.
 */
export async function checkNameIsFree(path: string, stage: BackupStage = 'store'): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  throw rejected(
    found.isDirectory()
      ? `${path} is a folder; add a file name.`
      : `${path} exists already, and an existing file is never overwritten; choose another name.`,
    'name-taken',
    stage,
  );
}

/**
 * Checks that a file can be made in a folder, by making one and removing it.
 *
 * @throws BackupError `SINK_REJECTED`: `folder-missing`, `not-a-folder`, `not-writable`.
 */
export async function checkFolderIsWritable(folder: string, stage: BackupStage = 'store'): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => {
    const errno = errnoOf(error);
    throw errno === 'ENOENT' || errno === 'ENOTDIR'
      ? rejected(`The folder ${folder} does not exist; make it first.`, 'folder-missing', stage, error)
      : rejected(
          `The folder ${folder} cannot be entered (${errno ?? 'unknown'}).`,
          'not-writable',
          stage,
          error,
        );
  });
  if (!found.isDirectory()) throw rejected(`${folder} is not a folder.`, 'not-a-folder', stage);
  // A name by which the next run knows what one that was killed has left.
  const path = join(folder, stagingName());
  try {
    await (await open(path, 'wx', 0o600)).close();
    await unlink(path);
  } catch (error) {
    const errno = errnoOf(error) ?? 'unknown';
    throw rejected(`The folder ${folder} cannot be written to (${errno}).`, 'not-writable', stage, error);
  }
}

/** Both checks, for a file that is to be made. */
export async function checkTargetFile(path: string, stage: BackupStage = 'store'): Promise<void> {
  await checkFolderIsWritable(dirname(path), stage);
  await checkNameIsFree(path, stage);
}

function rejected(message: string, reason: string, stage: BackupStage, cause?: unknown): BackupError {
  return new BackupError('SINK_REJECTED', message, { stage, reason, cause });
}
