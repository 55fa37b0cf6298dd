import { dirname, resolve } from 'node:path';
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
    // Loaded when it is needed, here and below, so that importing this package stays cheap.
    const { checkLocalFile } = await import('./local-file.js');
    await checkLocalFile(this.#path, imageName, signal);
  }

  /** {@inheritDoc ImageSink.store} */
  async store(image: BackupImage, { signal, progress }: SinkContext): Promise<StoredImage> {
    const { storeLocalFile } = await import('./local-file.js');
    const path = await storeLocalFile(image, this.stagingDirectory, signal);
    progress(image.bytes);
    return { path };
  }
}
