import { createWriteStream } from 'node:fs';
import { rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BackupError } from '../errors.js';
import { stagingName } from '../support/staging-leftovers.js';
import { cancelled, throwIfCancelled } from '../support/abort.js';
import { errnoOf } from '../support/errno.js';
import { syncFolder } from '../support/sync-folder.js';
import { checkFolderIsWritable, checkNameIsFree } from '../support/target-file.js';
import type { BackupImage } from './image-sink.js';

/**
 * Checks that the folder of a path is there and can be written, and that the names are free: the path's own, and the
 * stamped one that takes its place.
 */
export async function checkLocalFile(path: string, imageName: string, signal: AbortSignal): Promise<void> {
  const folder = dirname(path);
  throwIfCancelled(signal, 'store');
  await checkFolderIsWritable(folder);
  await checkNameIsFree(path);
  await checkNameIsFree(join(folder, imageName));
}

/** Moves an image into a folder, whole and synced, or not at all. Returns its path there. */
export async function storeLocalFile(
  image: BackupImage,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  throwIfCancelled(signal, 'store');
  const path = join(folder, image.name);
  await checkNameIsFree(path);
  try {
    await rename(image.path, path);
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw failed(`Cannot rename ${image.path} to ${path}`, error);
    await copyImage(image, path, signal);
  }
  try {
    await syncFolder(folder);
  } catch (error) {
    // The name may be lost with the power; what is reported as failed must not lie there as if it were whole.
    await unlink(path).catch(() => undefined);
    throw failed(`Cannot sync the folder ${folder}`, error);
  }
  return path;
}

/** From another file system: a copy beside the target, synced, then the rename. */
async function copyImage(image: BackupImage, path: string, signal: AbortSignal): Promise<void> {
  // A name by which the next run knows what one that was killed has left.
  const partial = join(dirname(path), stagingName());
  try {
    await pipeline(image.open(), createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true }), {
      signal,
    });
    await checkNameIsFree(path);
    await rename(partial, path);
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw signal.aborted ? cancelled(signal, 'store') : failed(`Cannot write ${path}`, error);
  }
}

function failed(what: string, error: unknown): BackupError {
  const errno = errnoOf(error);
  return new BackupError('SINK_FAILED', `${what} (${errno ?? 'unknown'}).`, {
    stage: 'store',
    reason: errno === 'ENOSPC' || errno === 'EDQUOT' ? 'disk-full' : 'write-failed',
    cause: error,
  });
}
