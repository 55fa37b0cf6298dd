import { createHash } from 'node:crypto';
import { BackupError } from '../errors.js';
import { throwIfCancelled, type AbortableOptions } from '../support/abort.js';
import { isDense } from './block-strategy.js';
import { DEFAULT_LEVEL } from './default-level.js';
import { BlockDeflater } from './deflate-blocks.js';
import { EntryNames, entryName, MANIFEST_ENTRY, refuseReserved } from './entry-path.js';
import { bytesEntry, isWholeImageEntry, type ImageEntry } from './image-entry.js';
import type { ImageEntryRecord, ImageSavepoint, ImageSummary, ImageWriterObserver } from './image-records.js';
import { ImageFile, type FileMark } from './image-file.js';
import { prepareContent, type PreparedContent } from './prepare-content.js';
import { abortable, openEntry, WHOLE_BYTES, type EntryContent } from './read-source.js';
import type * as Yazl from './yazl-zip.js';

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
  readonly #file: ImageFile;
  /** yazl, behind the little that is used of it; loaded when it is needed, so that importing this package stays cheap. */
  readonly #yazl: typeof Yazl;
  readonly #zip: Yazl.YazlZip;
  readonly #names = new EntryNames();
  readonly #signal: AbortSignal | undefined;
  readonly #level: number;
  readonly #startedAt: Date;
  readonly #marks = new WeakMap<ImageSavepoint, FileMark>();
  readonly #zipEntries: Yazl.YazlEntry[] = [];
  readonly #records: ImageEntryRecord[] = [];
  #state: 'idle' | 'busy' | 'finished' | 'removed' = 'idle';

  private constructor(file: ImageFile, yazl: typeof Yazl, options: ImageWriterOptions) {
    this.#file = file;
    this.#yazl = yazl;
    this.#zip = yazl.newZip();
    this.#signal = options.signal;
    this.#level = options.level ?? DEFAULT_LEVEL;
    this.#startedAt = options.startedAt ?? new Date();
  }

  /**
   * Creates the file, which must not exist, with mode 0600.
   *
   * @throws `IMAGE_WRITE_FAILED` when the file cannot be created; `CANCELLED`.
   */
  static async create(path: string, options: ImageWriterOptions = {}): Promise<ImageWriter> {
    throwIfCancelled(options.signal, 'image');
    const { level = DEFAULT_LEVEL } = options;
    if (!Number.isInteger(level) || level < 0 || level > 9) {
      throw new BackupError('INVALID_OPTIONS', `the level of compression is 0 to 9, not ${level}`, {
        stage: 'options',
      });
    }
    const yazl = await import('./yazl-zip.js');
    return new ImageWriter(await ImageFile.create(path), yazl, options);
  }

  /** The file that is written. */
  get path(): string {
    return this.#file.path;
  }

  /** Length of the file so far. */
  get bytes(): number {
    return this.#file.bytes;
  }

  /** The entries so far, in order. */
  get entries(): readonly ImageEntryRecord[] {
    return this.#records;
  }

  /**
   * Adds one entry below its component's folder (`''`: at the top). Always closes the entry's content. `undefined`: the
   * entry's source is gone, and nothing was added.
   *
   * @throws the source's own error; `SOURCE_UNREADABLE` for a name that is not safe or is taken; `IMAGE_WRITE_FAILED`;
   * `CANCELLED`.
   */
  async add(
    component: string,
    entry: ImageEntry,
    observer: ImageWriterObserver = {},
  ): Promise<ImageEntryRecord | undefined> {
    const [record] = await this.addAll(component, [entry], observer);
    return record;
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
    return this.#exclusively(async () => {
      const first = this.#records.length;
      await this.#addAll(component, entries, observer, refuseReserved);
      return this.#records.slice(first);
    });
  }

  /**
   * Adds an entry of the image itself, `version` or `backup.json`.
   *
   * @internal
   */
  async addOwn(entry: ImageEntry): Promise<void> {
    await this.#exclusively(() => this.#addAll('', [entry], {}, allow));
  }

  /** Remembers this point of the image. */
  savepoint(): ImageSavepoint {
    this.#refuseUnlessIdle();
    const mark = this.#file.mark();
    const savepoint = { entries: this.#records.length, bytes: mark.bytes };
    this.#marks.set(savepoint, mark);
    return savepoint;
  }

  /**
   * Takes back everything since the savepoint, which stays usable.
   *
   * @throws `IMAGE_WRITE_FAILED`
   */
  async rollback(savepoint: ImageSavepoint): Promise<void> {
    const mark = this.#marks.get(savepoint);
    if (mark === undefined || savepoint.entries > this.#records.length) {
      throw misuse('this savepoint is not of this image, or lies ahead of it');
    }
    await this.#exclusively(() => this.#cutBack(mark, savepoint.entries));
  }

  /**
   * Writes `manifest.log` and the directory, syncs and closes the file.
   *
   * @throws `IMAGE_WRITE_FAILED`; `CANCELLED`
   */
  finish(): Promise<ImageSummary> {
    return this.#exclusively(async () => {
      throwIfCancelled(this.#signal, 'image');
      const names = this.#records.map((record) => `${record.path}\n`).join('');
      await this.#addAll('', [bytesEntry(MANIFEST_ENTRY, names)], {}, allow);
      for await (const piece of this.#yazl.zipDirectory(this.#zip, this.#zipEntries, this.#file.bytes))
        this.#file.append(piece);
      const sha256 = await this.#file.finish();
      this.#state = 'finished';
      return { entries: this.#records.length, bytes: this.#file.bytes, sha256 };
    });
  }

  /** Closes and removes the file, unless it is finished. Never throws. */
  async abort(): Promise<void> {
    if (this.#state === 'finished' || this.#state === 'removed') return;
    this.#state = 'removed';
    await this.#file.remove();
  }

  /** As {@link ImageWriter.abort}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }

  async #addAll(
    component: string,
    entries: AsyncIterable<ImageEntry> | Iterable<ImageEntry>,
    observer: ImageWriterObserver,
    check: (name: string) => void,
  ): Promise<void> {
    const ahead: { target: Target; content: PreparedContent | Promise<PreparedContent> }[] = [];
    let aheadBytes = 0;
    const write = (target: Target, prepared: PreparedContent): Promise<void> | undefined => {
      const record = this.#writePrepared(target, prepared);
      observer.onBytes?.(prepared.bytes);
      observer.onEntry?.(record);
      return this.#file.ready();
    };
    const writeFirst = async (): Promise<void> => {
      const { target, content } = ahead.shift()!;
      const prepared = content instanceof Promise ? await content : content;
      aheadBytes -= prepared.bytes;
      await write(target, prepared);
    };
    const breath = new Breath();
    try {
      for await (const entry of Symbol.asyncIterator in entries
        ? abortable(entries, this.#signal)
        : entries) {
        throwIfCancelled(this.#signal, 'collect');
        if (this.#file.failure !== undefined) throw this.#file.failure;
        const name = entryName(component, entry.path, entry.placement);
        check(name);
        this.#names.refuseTaken(name);
        const target = { name, component, entry };
        const content = await readContent(entry, this.#signal);
        if (content === undefined) continue;
        this.#names.take(name);
        if ('whole' in content) {
          const prepared = prepareContent(content.whole, {
            level: this.#level,
            compressed: isCompressed(entry),
          });
          if (ahead.length === 0 && !(prepared instanceof Promise)) {
            await write(target, prepared);
          } else {
            // Awaited in its turn; until then a failure must not count as unhandled.
            if (prepared instanceof Promise) prepared.catch(ignore);
            ahead.push({ target, content: prepared });
            aheadBytes += content.whole.length;
            while (ahead.length > MAX_AHEAD || aheadBytes > MAX_AHEAD_BYTES) await writeFirst();
          }
          await breath.take();
        } else {
          try {
            while (ahead.length > 0) await writeFirst();
            const record = await this.#writeStream(target, content.stream, observer);
            observer.onEntry?.(record);
          } finally {
            await content.close();
          }
        }
      }
      while (ahead.length > 0) await writeFirst();
    } catch (error) {
      this.#names.reset(this.#records.map((record) => record.path));
      throw error;
    }
  }

  #writePrepared(target: Target, content: PreparedContent): ImageEntryRecord {
    const zipEntry = this.#zipEntry(target);
    const { crc32, bytes, compressedBytes } = content;
    // Known before the header is written, so that no descriptor has to follow the data.
    Object.assign(zipEntry, {
      crcAndFileSizeKnown: true,
      crc32,
      uncompressedSize: bytes,
      compressedSize: compressedBytes,
    });
    const offset = this.#file.bytes;
    this.#file.append(zipEntry.getLocalFileHeader());
    for (const piece of content.pieces) this.#file.append(piece);
    return this.#completed(target, zipEntry, offset, content);
  }

  async #writeStream(
    target: Target,
    stream: AsyncIterable<Uint8Array>,
    observer: ImageWriterObserver,
  ): Promise<ImageEntryRecord> {
    const start = this.#file.mark();
    const digest = createHash('sha256');
    const guess = isCompressed(target.entry);
    const deflater = new BlockDeflater(stream, {
      level: this.#level,
      compressed: guess === 'yes',
      strategy: guess === 'likely' ? (block) => (isDense(block) ? 'stored' : 'matches') : undefined,
      onBlock: (block) => {
        digest.update(block);
        observer.onBytes?.(block.length);
      },
    });
    try {
      const zipEntry = this.#zipEntry(target);
      const header = zipEntry.getLocalFileHeader();
      let begun = false;
      for await (const piece of deflater) {
        // Not before the first piece: the loop closes the source whatever happens, but only once it has begun.
        if (!begun) this.#file.append(header);
        begun = true;
        this.#file.append(piece);
        await this.#file.ready();
      }
      const { crc32, bytes, compressedBytes } = deflater;
      Object.assign(zipEntry, { crc32, uncompressedSize: bytes, compressedSize: compressedBytes });
      // While the offset is unknown, so that only the sizes decide between the two forms of the descriptor: that is how
      // Java's streaming reader, which knows no offsets, tells them apart.
      this.#file.append(zipEntry.getDataDescriptor());
      return this.#completed(target, zipEntry, start.bytes, {
        crc32,
        bytes,
        compressedBytes,
        sha256: digest.digest('hex'),
      });
    } catch (error) {
      // A failure of the file is remembered by the file; the first error is the one to tell.
      if (this.#file.failure === undefined) await this.#file.cutBack(start).catch(ignore);
      throw error;
    }
  }

  #zipEntry({ name, entry }: Target): Yazl.YazlEntry {
    // A zip cannot carry times before 1970, and yazl breaks on them.
    const mtime = new Date(Math.max(0, this.#modifiedAt(entry).getTime()));
    return this.#yazl.newZipEntry(this.#zip, name, mtime, permissions(entry));
  }

  #completed(
    { name, component, entry }: Target,
    zipEntry: Yazl.YazlEntry,
    offset: number,
    content: Omit<PreparedContent, 'pieces'>,
  ): ImageEntryRecord {
    zipEntry.relativeOffsetOfLocalHeader = offset;
    zipEntry.state = this.#yazl.YAZL_DONE;
    this.#zipEntries.push(zipEntry);
    const { bytes, compressedBytes, crc32, sha256 } = content;
    const { owner, originalName } = entry;
    const mode = permissions(entry);
    const modifiedAt = this.#modifiedAt(entry);
    const record = {
      path: name,
      component,
      bytes,
      compressedBytes,
      crc32,
      sha256,
      mode,
      owner,
      modifiedAt,
      originalName,
    };
    this.#records.push(record);
    return record;
  }

  #modifiedAt({ modifiedAt }: ImageEntry): Date {
    return modifiedAt === undefined || Number.isNaN(modifiedAt.getTime()) ? this.#startedAt : modifiedAt;
  }

  async #cutBack(mark: FileMark, entries: number): Promise<void> {
    await this.#file.cutBack(mark);
    this.#records.length = entries;
    this.#zipEntries.length = entries;
    this.#names.reset(this.#records.map((record) => record.path));
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.#refuseUnlessIdle();
    this.#state = 'busy';
    try {
      return await work();
    } finally {
      // Changed meanwhile when it was finished, or aborted from outside.
      if ((this.#state as string) === 'busy') this.#state = 'idle';
    }
  }

  #refuseUnlessIdle(): void {
    if (this.#file.failure !== undefined) throw this.#file.failure;
    if (this.#state === 'busy') throw misuse('the previous call on this image writer has not ended yet');
    if (this.#state !== 'idle') throw misuse(`this image writer is ${this.#state}`);
  }
}

/** Small entries that may be read and compressed before their turn. */
const MAX_AHEAD = 64;
const MAX_AHEAD_BYTES = 8 * 1024 * 1024;

interface Target {
  readonly name: string;
  readonly component: string;
  readonly entry: ImageEntry;
}

/** `undefined`: the entry's source is gone. */
function readContent(
  entry: ImageEntry,
  signal: AbortSignal | undefined,
): EntryContent | undefined | Promise<EntryContent | undefined> {
  if (!isWholeImageEntry(entry) || (entry.bytes ?? Infinity) > WHOLE_BYTES) return openEntry(entry, signal);
  const whole = entry.readWhole();
  const answer = (bytes: Uint8Array | undefined): EntryContent | undefined => bytes && { whole: bytes };
  return whole instanceof Promise ? whole.then(answer) : answer(whole);
}

function isCompressed(entry: ImageEntry): 'yes' | 'likely' | 'no' {
  if (entry.content === 'compressed') return 'yes';
  return /\.(?:jar|aar|zip|gz)$/i.test(entry.path) ? 'likely' : 'no';
}

function permissions(entry: ImageEntry): number {
  return (entry.mode ?? 0o600) & 0o7777;
}

/** Lets timers and signals through now and then during work that never waits. */
class Breath {
  #since = performance.now();

  async take(): Promise<void> {
    if (performance.now() - this.#since < 20) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}

function misuse(message: string): BackupError {
  return new BackupError('INTERNAL', message, { stage: 'image', reason: 'misuse' });
}

function allow(): void {
  // Every name may be written by the run itself.
}

function ignore(): void {
  // Reported elsewhere.
}
