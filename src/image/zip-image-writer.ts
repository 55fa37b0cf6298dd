import { createHash } from 'node:crypto';
import { BackupError } from '../errors.js';
import { throwIfCancelled } from '../support/abort.js';
import { isDense } from './block-strategy.js';
import { DEFAULT_LEVEL } from './default-level.js';
import { BlockDeflater } from './deflate-blocks.js';
import { entryName, MANIFEST_ENTRY, refuseReserved } from './entry-path.js';
import { EntryQueue, type AwaitedContent } from './entry-queue.js';
import { ImageDirectory, type Target } from './image-directory.js';
import { bytesEntry, isWholeImageEntry, type ImageEntry, type WholeImageEntry } from './image-entry.js';
import type { ImageEntryRecord, ImageSavepoint, ImageSummary, ImageWriterObserver } from './image-records.js';
import { ImageFile, type FileMark } from './image-file.js';
import type { ImageWriterOptions } from './image-writer.js';
import { prepareContent, type PreparedContent } from './prepare-content.js';
import { abortable, openEntry, WHOLE_BYTES } from './read-source.js';

/**
 * The work of `ImageWriter`, whose documentation holds here, too: one call at a time, and after a failed source it stays
 * usable.
 *
 * @internal
 */
export class ZipImageWriter implements AsyncDisposable {
  readonly #file: ImageFile;
  readonly #directory: ImageDirectory;
  readonly #signal: AbortSignal | undefined;
  readonly #level: number;
  readonly #marks = new WeakMap<ImageSavepoint, FileMark>();
  #state: 'idle' | 'busy' | 'finished' | 'removed' = 'idle';

  private constructor(file: ImageFile, directory: ImageDirectory, options: ImageWriterOptions) {
    this.#file = file;
    this.#directory = directory;
    this.#signal = options.signal;
    this.#level = options.level ?? DEFAULT_LEVEL;
  }

  static async create(path: string, options: ImageWriterOptions = {}): Promise<ZipImageWriter> {
    throwIfCancelled(options.signal, 'image');
    const { level = DEFAULT_LEVEL } = options;
    if (!Number.isInteger(level) || level < 0 || level > 9) {
      throw new BackupError('INVALID_OPTIONS', `the level of compression is 0 to 9, not ${level}`, {
        stage: 'options',
      });
    }
    // Loaded when it is needed, so that importing this package stays cheap.
    const directory = new ImageDirectory(await import('./yazl-zip.js'), options.startedAt ?? new Date());
    return new ZipImageWriter(await ImageFile.create(path), directory, options);
  }

  get path(): string {
    return this.#file.path;
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  get entries(): readonly ImageEntryRecord[] {
    return this.#directory.records;
  }

  async add(
    component: string,
    entry: ImageEntry,
    observer: ImageWriterObserver = {},
  ): Promise<ImageEntryRecord | undefined> {
    const [record] = await this.addAll(component, [entry], observer);
    return record;
  }

  addAll(
    component: string,
    entries: AsyncIterable<ImageEntry> | Iterable<ImageEntry>,
    observer: ImageWriterObserver = {},
  ): Promise<readonly ImageEntryRecord[]> {
    return this.#exclusively(async () => {
      const first = this.entries.length;
      await this.#addAll(component, entries, observer, refuseReserved);
      return this.entries.slice(first);
    });
  }

  /** Adds an entry of the image itself, `version` or `backup.json`. */
  async addOwn(entry: ImageEntry): Promise<void> {
    await this.#exclusively(() => this.#addAll('', [entry], {}, allow));
  }

  savepoint(): ImageSavepoint {
    this.#refuseUnlessIdle();
    const mark = this.#file.mark();
    const savepoint = { entries: this.entries.length, bytes: mark.bytes };
    this.#marks.set(savepoint, mark);
    return savepoint;
  }

  async rollback(savepoint: ImageSavepoint): Promise<void> {
    const mark = this.#marks.get(savepoint);
    if (mark === undefined || savepoint.entries > this.entries.length) {
      throw misuse('this savepoint is not of this image, or lies ahead of it');
    }
    await this.#exclusively(async () => {
      await this.#file.cutBack(mark);
      this.#directory.cutBack(savepoint.entries);
    });
  }

  finish(): Promise<ImageSummary> {
    return this.#exclusively(async () => {
      throwIfCancelled(this.#signal, 'image');
      const names = this.entries.map((record) => `${record.path}\n`).join('');
      await this.#addAll('', [bytesEntry(MANIFEST_ENTRY, names)], {}, allow);
      for await (const piece of this.#directory.bytes(this.#file.bytes)) this.#file.append(piece);
      const sha256 = await this.#file.finish();
      this.#state = 'finished';
      return { entries: this.entries.length, bytes: this.#file.bytes, sha256 };
    });
  }

  async abort(): Promise<void> {
    if (this.#state === 'finished' || this.#state === 'removed') return;
    this.#state = 'removed';
    await this.#file.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }

  async #addAll(
    component: string,
    entries: AsyncIterable<ImageEntry> | Iterable<ImageEntry>,
    observer: ImageWriterObserver,
    check: (name: string) => void,
  ): Promise<void> {
    const { names } = this.#directory;
    const queue = new EntryQueue<Target>((target, content) => {
      if (content === undefined) {
        names.release(target.name);
        return undefined;
      }
      const record = this.#writePrepared(target, content);
      observer.onBytes?.(content.bytes);
      observer.onEntry?.(record);
      return this.#file.ready();
    });
    const breath = new Breath();
    try {
      for await (const entry of Symbol.asyncIterator in entries
        ? abortable(entries, this.#signal)
        : entries) {
        throwIfCancelled(this.#signal, 'collect');
        if (this.#file.failure !== undefined) throw this.#file.failure;
        checkEntry(entry);
        const name = entryName(component, entry.path, entry.placement);
        check(name);
        names.refuseTaken(name);
        names.take(name);
        const target = { name, component, entry };
        if (isWholeImageEntry(entry) && (entry.bytes ?? Infinity) <= WHOLE_BYTES) {
          const waiting = queue.add(target, this.#read(entry), entry.bytes ?? 0);
          if (waiting !== undefined) await waiting;
          if (breath.isDue) await breath.take();
        } else {
          await this.#addOpened(target, queue, observer);
        }
      }
      await queue.drain();
    } catch (error) {
      this.#directory.forgetUnwritten();
      throw error;
    }
  }

  /** The content of a small entry, by another thread where there is one that reads it. */
  #read(entry: WholeImageEntry): AwaitedContent {
    const options = { level: this.#level, compressed: isCompressed(entry) };
    const elsewhere = entry.prepare?.(options);
    if (elsewhere === undefined) return this.#readHere(entry);
    return elsewhere.then((prepared) => {
      if (prepared !== undefined) return prepared;
      throwIfCancelled(this.#signal, 'collect');
      return this.#readHere(entry);
    });
  }

  #readHere(entry: WholeImageEntry): AwaitedContent {
    const prepare = (whole: Uint8Array | undefined): AwaitedContent => whole && this.#prepare(whole, entry);
    const whole = entry.readWhole();
    return whole instanceof Promise ? whole.then(prepare) : prepare(whole);
  }

  #prepare(whole: Uint8Array, entry: ImageEntry): PreparedContent | Promise<PreparedContent> {
    return prepareContent(whole, { level: this.#level, compressed: isCompressed(entry) });
  }

  /** An entry that has to be opened to see how large it is. */
  async #addOpened(target: Target, queue: EntryQueue<Target>, observer: ImageWriterObserver): Promise<void> {
    const content = await openEntry(target.entry, this.#signal);
    if (content === undefined || 'whole' in content) {
      await queue.add(
        target,
        content && this.#prepare(content.whole, target.entry),
        content?.whole.length ?? 0,
      );
      return;
    }
    try {
      await queue.drain();
      const record = await this.#writeStream(target, content.stream, observer);
      observer.onEntry?.(record);
    } finally {
      await content.close();
    }
  }

  #writePrepared(target: Target, content: PreparedContent): ImageEntryRecord {
    const { header, zipEntry } = this.#directory.headerOf(target, content);
    const offset = this.#file.bytes;
    this.#file.append(header);
    for (const piece of content.pieces) this.#file.append(piece);
    content.release?.();
    return this.#directory.complete(target, zipEntry, offset, content);
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
      const { header, zipEntry } = this.#directory.openHeaderOf(target);
      let begun = false;
      for await (const piece of deflater) {
        // Not before the first piece: the loop closes the source whatever happens, but only once it has begun.
        if (!begun) this.#file.append(header);
        begun = true;
        this.#file.append(piece);
        await this.#file.ready();
      }
      const { crc32, bytes, compressedBytes } = deflater;
      const content = { crc32, bytes, compressedBytes, sha256: digest.digest('hex') };
      this.#file.append(this.#directory.descriptorOf(zipEntry, content));
      return this.#directory.complete(target, zipEntry, start.bytes, content);
    } catch (error) {
      // A failure of the file is remembered by the file; the first error is the one to tell.
      if (this.#file.failure === undefined) await this.#file.cutBack(start).catch(ignore);
      throw error;
    }
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

/** What a collector in JavaScript may get wrong, in words that its author understands. */
function checkEntry(entry: unknown): void {
  const { path, open } = (entry ?? {}) as Partial<Record<keyof ImageEntry, unknown>>;
  if (typeof path !== 'string') throw new TypeError('an entry has to have a path, which is a text');
  if (typeof open !== 'function') throw new TypeError(`the entry ${path} has to have a function open`);
}

function isCompressed(entry: ImageEntry): 'yes' | 'likely' | 'no' {
  if (entry.content === 'compressed') return 'yes';
  return /\.(?:jar|aar|zip|gz)$/i.test(entry.path) ? 'likely' : 'no';
}

/** Lets timers and signals through now and then during work that never waits. */
class Breath {
  #since = performance.now();

  get isDue(): boolean {
    return performance.now() - this.#since >= 20;
  }

  async take(): Promise<void> {
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
