import { createWriteStream } from 'node:fs';
import { rename, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BackupError } from '../errors.js';
import { stagingName } from '../support/staging-leftovers.js';
import { cancelled, throwIfCancelled } from '../support/abort.js';
import { errnoOf } from '../support/errno.js';
import { syncFolder } from '../support/sync-folder.js';
import { checkFolderIsWritable, checkNameIsFree } from '../support/target-file.js';
import type { BackupImage, ImageSink, SinkContext, StoredImage } from './image-sink.js';

/**
 * Stores an image in a folder of this machine. It appears under its final name by a rename, whole and synced, or not at
 * all; an existing file is never overwritten, a missing folder never made.
 *
 * @example
 * ```ts
 * await runBackup({ image: 'node1.zip' }, { sink: new LocalFileSink('/var/backups/node1.zip') });
 * ```
 *
 * @public
 */
export class LocalFileSink implements ImageSink {
  /** {@inheritDoc ImageSink.name} */
  readonly name = 'local file';
  /** The folder itself, so that storing is a rename. */
  readonly stagingDirectory: string;
  /** What cannot be renamed in its own folder would only lie in the way there. */
  readonly stagedOnFailure = 'discard';
  readonly #path: string;

  /**
   * @param path - the image file as the user named it; the image's stamped name takes the place of its file part.
   */
  constructor(path: string) {
    this.#path = resolve(path);
    this.stagingDirectory = dirname(this.#path);
  }

  /**
   * Checks that the folder is there and can be written, and that the names are free.
   *
   * @throws BackupError `SINK_REJECTED`: `name-taken`, `folder-missing`, `not-a-folder`, `not-writable`.
   */
  async prepare(imageName: string, { signal }: SinkContext): Promise<void> {
    throwIfCancelled(signal, 'store');
    await checkFolderIsWritable(this.stagingDirectory);
    await checkNameIsFree(this.#path);
    await checkNameIsFree(join(this.stagingDirectory, imageName));
  }

  /** {@inheritDoc ImageSink.store} */
  async store(image: BackupImage, { signal, progress }: SinkContext): Promise<StoredImage> {
    throwIfCancelled(signal, 'store');
    const path = join(this.stagingDirectory, image.name);
    await checkNameIsFree(path);
    try {
      await rename(image.path, path);
    } catch (error) {
      if (errnoOf(error) !== 'EXDEV') throw failed(`Cannot rename ${image.path} to ${path}`, error);
      await this.#copy(image, path, signal);
    }
    try {
      await syncFolder(this.stagingDirectory);
    } catch (error) {
      // The name may be lost with the power; what is reported as failed must not lie there as if it were whole.
      await unlink(path).catch(() => undefined);
      throw failed(`Cannot sync the folder ${this.stagingDirectory}`, error);
    }
    progress(image.bytes);
    return { path };
  }

  /** From another file system: a copy beside the target, synced, then the rename. */
  async #copy(image: BackupImage, path: string, signal: AbortSignal): Promise<void> {
    // A name by which the next run knows what one that was killed has left.
    const partial = join(this.stagingDirectory, stagingName());
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
}

function failed(what: string, error: unknown): BackupError {
  const errno = errnoOf(error);
  return new BackupError('SINK_FAILED', `${what} (${errno ?? 'unknown'}).`, {
    stage: 'store',
    reason: errno === 'ENOSPC' || errno === 'EDQUOT' ? 'disk-full' : 'write-failed',
    cause: error,
  });
}
