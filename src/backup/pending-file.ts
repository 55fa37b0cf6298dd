import { open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BackupError, isBackupError } from '../errors.js';
import { stagingName } from '../support/staging-leftovers.js';
import { errnoOf } from '../support/errno.js';
import { syncFolder } from '../support/sync-folder.js';
import { checkNameIsFree } from '../support/target-file.js';

/**
 * A small file that is removed again unless it is kept: it belongs to a run that may still fail. It appears under its
 * name whole, synced and with mode 0600, or not at all.
 */
export class PendingFile implements AsyncDisposable {
  readonly path: string;
  #kept = false;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Never overwrites.
   *
   * @throws BackupError `MAPPING_TEMPLATE_FAILED`, naming the file and the operation; `SINK_REJECTED`, `name-taken`.
   */
  static async write(path: string, text: string): Promise<PendingFile> {
    const folder = dirname(path);
    // A name by which the next run knows what one that was killed has left.
    const temporary = join(folder, stagingName());
    const handle = await attempt('create', temporary, () => open(temporary, 'wx', 0o600));
    try {
      try {
        await attempt('write', temporary, () => handle.writeFile(text));
        await attempt('fsync', temporary, () => handle.sync());
      } finally {
        await attempt('close', temporary, () => handle.close());
      }
      await checkNameIsFree(path, 'mapping');
      await attempt('rename', temporary, () => rename(temporary, path));
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
    const file = new PendingFile(path);
    try {
      await attempt('sync the folder', folder, () => syncFolder(folder));
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
    return file;
  }

  /** From now on it stays. */
  keep(): void {
    this.#kept = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#kept) await unlink(this.path).catch(() => undefined);
  }
}

async function attempt<T>(operation: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isBackupError(error)) throw error;
    throw new BackupError(
      'MAPPING_TEMPLATE_FAILED',
      `cannot ${operation} ${path}: ${errnoOf(error) ?? String(error)}`,
      { stage: 'mapping', reason: 'missing', cause: error },
    );
  }
}
