import type { AbortableOptions } from '../support/abort.js';
import type { ImageEntry } from './image-entry.js';
import type { ImageEntryRecord, ImageSavepoint, ImageSummary, ImageWriterObserver } from './image-records.js';
import type { ZipImageWriter } from './zip-image-writer.js';

/**
 * Settings of an {@link ImageWriter}.
 *
 * @public
 */
export interface ImageWriterOptions extends AbortableOptions {
  /** Compression level, 0 (none) to 9. Default: 3. */
  readonly level?: number | undefined;
  /** Time of entries that have none of their own. Default: now. */
  readonly startedAt?: Date | undefined;
}

/**
 * Writes an image into a new file: a zip that every tool and Java's streaming reader can read. Everything is compressed
 * by this package on all cores; yazl lays out the headers and the directory.
 *
 * The image of a run also has the entries `version` and `backup.json`. One that is written by this class alone has neither,
 * so restore does not take it, and `verifyImage` says so: it is for images of your own.
 *
 * One call at a time. When an entry's source fails, `add` throws the source's own error and nothing of that entry
 * remains; the writer stays usable. When the file itself fails, this and every later call throw `IMAGE_WRITE_FAILED`.
 *
 * @example
 * ```ts
 * await using writer = await ImageWriter.create('own.zip');
 * const savepoint = writer.savepoint();
 * try {
 *   await writer.add('site', bytesEntry('node.txt', 'Gateway1'));
 * } catch (error) {
 *   await writer.rollback(savepoint);
 * }
 * const { entries, sha256 } = await writer.finish();
 * ```
 *
 * @public
 */
export class ImageWriter implements AsyncDisposable {
  readonly #writer: ZipImageWriter;

  private constructor(writer: ZipImageWriter) {
    this.#writer = writer;
  }

  /**
   * Creates the file, which must not exist, with mode 0600.
   *
   * @throws `IMAGE_WRITE_FAILED` when the file cannot be created; `CANCELLED`.
   */
  static async create(path: string, options: ImageWriterOptions = {}): Promise<ImageWriter> {
    // Loaded when it is needed, with all that compresses and writes, so that importing this package stays cheap.
    const { ZipImageWriter } = await import('./zip-image-writer.js');
    return new ImageWriter(await ZipImageWriter.create(path, options));
  }

  /** The file that is written. */
  get path(): string {
    return this.#writer.path;
  }

  /** Length of the file so far. */
  get bytes(): number {
    return this.#writer.bytes;
  }

  /** The entries so far, in order. */
  get entries(): readonly ImageEntryRecord[] {
    return this.#writer.entries;
  }

  /**
   * Adds one entry below its component's folder (`''`: at the top). Always closes the entry's content. `undefined`: the
   * entry's source is gone, and nothing was added.
   *
   * @throws the source's own error; `SOURCE_UNREADABLE` for a name that is not safe or is taken; `IMAGE_WRITE_FAILED`;
   * `CANCELLED`.
   */
  add(
    component: string,
    entry: ImageEntry,
    observer: ImageWriterObserver = {},
  ): Promise<ImageEntryRecord | undefined> {
    return this.#writer.add(component, entry, observer);
  }

  /**
   * Adds all entries of a component in order, reading ahead where entries are small. When one fails, those before it
   * stay until a {@link ImageWriter.rollback}.
   *
   * @throws as {@link ImageWriter.add}, and what `entries` throws.
   */
  addAll(
    component: string,
    entries: AsyncIterable<ImageEntry> | Iterable<ImageEntry>,
    observer: ImageWriterObserver = {},
  ): Promise<readonly ImageEntryRecord[]> {
    return this.#writer.addAll(component, entries, observer);
  }

  /**
   * Adds an entry of the image itself, `version` or `backup.json`.
   *
   * @internal
   */
  addOwn(entry: ImageEntry): Promise<void> {
    return this.#writer.addOwn(entry);
  }

  /** Remembers this point of the image. */
  savepoint(): ImageSavepoint {
    return this.#writer.savepoint();
  }

  /**
   * Takes back everything since the savepoint, which stays usable.
   *
   * @throws `IMAGE_WRITE_FAILED`
   */
  rollback(savepoint: ImageSavepoint): Promise<void> {
    return this.#writer.rollback(savepoint);
  }

  /**
   * Writes `manifest.log` and the directory, syncs and closes the file.
   *
   * @throws `IMAGE_WRITE_FAILED`; `CANCELLED`
   */
  finish(): Promise<ImageSummary> {
    return this.#writer.finish();
  }

  /** Closes and removes the file, unless it is finished. Never throws. */
  abort(): Promise<void> {
    return this.#writer.abort();
  }

  /** As {@link ImageWriter.abort}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#writer.abort();
  }
}
