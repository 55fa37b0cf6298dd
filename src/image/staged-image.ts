import { createReadStream } from 'node:fs';
import { link, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { BackupError } from '../errors.js';
import type { BackupImage } from '../sinks/image-sink.js';
import { stagingName } from '../support/staging-leftovers.js';
import { confirmImage, type ConfirmOptions } from './confirm-image.js';
import type { ImageSummary } from './image-records.js';
import type { ImageWriterOptions } from './image-writer.js';
import { ZipImageWriter } from './zip-image-writer.js';

/**
 * An image on its way: written under a temporary name with mode 0600, confirmed by reading it back, then handed to a sink
 * as a {@link BackupImage}. The name says which process it belongs to, so the next run can clear what a killed one left.
 */
export class StagedImage implements BackupImage, AsyncDisposable {
  /** Fills the image. */
  readonly writer: ZipImageWriter;
  readonly name: string;
  #summary: ImageSummary | undefined;
  #settled = false;

  private constructor(writer: ZipImageWriter, name: string) {
    this.writer = writer;
    this.name = name;
  }

  /**
   * Creates the temporary file in a folder that exists.
   *
   * @param directory - on the file system of the target where that can be had, so that storing is a rename
   * @param name - file name under which a sink will store it
   * @throws `IMAGE_WRITE_FAILED`, `CANCELLED`
   */
  static async create(
    directory: string,
    name: string,
    options: ImageWriterOptions = {},
  ): Promise<StagedImage> {
    return new StagedImage(await ZipImageWriter.create(join(directory, stagingName()), options), name);
  }

  get path(): string {
    return this.writer.path;
  }

  get bytes(): number {
    return this.#finished().bytes;
  }

  get sha256(): string {
    return this.#finished().sha256;
  }

  /** Completes the file and syncs it. */
  async finish(): Promise<ImageSummary> {
    this.#summary = await this.writer.finish();
    return this.#summary;
  }

  /**
   * Reads the finished file back: its SHA-256 and its directory, or with `full` every byte of every entry.
   *
   * @throws `IMAGE_INVALID` when it is not what was written; `CANCELLED`
   */
  async confirm(options: ConfirmOptions = {}): Promise<void> {
    await confirmImage(this.path, this.#finished(), this.writer.entries, options);
  }

  open(): Readable {
    this.#finished();
    return createReadStream(this.path, { highWaterMark: 1024 * 1024 });
  }

  /**
   * Keeps the image for good, when no sink would take it, in its folder under a name of its own that no later run clears.
   * Returns the new path.
   */
  async keep(): Promise<string> {
    this.#finished();
    const folder = dirname(this.path);
    for (let attempt = 0; ; attempt++) {
      const path = join(folder, attempt === 0 ? this.name : `${this.name}.${attempt}`);
      try {
        // A link, unlike a rename, never replaces what is there.
        await link(this.path, path);
      } catch (error) {
        const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
        if (taken && attempt < 100) continue;
        // Without links on this file system the temporary file itself has to do.
        this.#settled = true;
        return this.path;
      }
      await this.remove();
      return path;
    }
  }

  /** Removes the temporary file, if a sink has not renamed it away. Never throws. */
  async remove(): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    if (this.#summary === undefined) await this.writer.abort();
    else await unlink(this.path).catch(() => undefined);
  }

  /** As {@link StagedImage.remove}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }

  #finished(): ImageSummary {
    if (this.#summary === undefined) {
      throw new BackupError('INTERNAL', 'the image is not finished yet', {
        stage: 'image',
        reason: 'misuse',
      });
    }
    return this.#summary;
  }
}
