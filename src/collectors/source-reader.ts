import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { PrepareOptions } from '../image/prepare-content.js';
import { logFor } from '../support/log.js';
import { messageOf } from '../support/message-of.js';
import {
  BATCH_BYTES,
  joinPaths,
  MAX_BATCHED_BYTES,
  readAnswer,
  type PreparedSource,
  type SourceAnswer,
  type SourceBatch,
  type SourceMessage,
  type SourceWorkerData,
} from './source-batch.js';
import type { SourceRoot } from './source-root.js';

const log = logFor('collect');

/** Starting a thread costs as much as reading a few hundred files. Each is listed twice: for the estimate, and to be read. */
const FILES_BEFORE_THREADS = 512;
const MAX_THREADS = 4;
const MAX_BATCH_FILES = 64;
/** Leaves room in the buffer for files that are larger now than they were when they were listed. */
const MAX_BATCH_BYTES = BATCH_BYTES - MAX_BATCHED_BYTES;
const CLOSING_MS = 1000;

/** How a {@link SourceReader} compresses. */
export interface SourceReaderOptions {
  /** Compression level, 0 to 9. */
  readonly level: number;
  /** Files that are listed, those that are listed twice counting twice, before a thread is started. Default: 512. */
  readonly filesBeforeThreads?: number | undefined;
  /** Threads at most. Default: the number of cores, at most 4. */
  readonly maxThreads?: number | undefined;
  /** What the threads run. Default: `source-worker.js`; another one in tests. */
  readonly program?: URL | undefined;
}

/**
 * Reads and compresses small files in threads, many at a time: for thousands of files the trips cost more than the work.
 * It starts when there are a few hundred files; what is asked for before it can read is left to the caller.
 *
 * It only ever helps: what a thread cannot do, for whatever reason, the caller does as if there were none.
 */
export class SourceReader implements AsyncDisposable {
  readonly #options: Required<{ [K in keyof SourceReaderOptions]: NonNullable<SourceReaderOptions[K]> }>;
  readonly #threads: ReadingThread[] = [];
  readonly #idleBuffers: ArrayBuffer[] = [];
  #expected = 0;
  #open: OpenBatch | undefined;
  #state: 'usable' | 'broken' | 'closed' = 'usable';

  constructor({ level, filesBeforeThreads, maxThreads, program }: SourceReaderOptions) {
    this.#options = {
      level,
      program: program ?? new URL('./source-worker.js', import.meta.url),
      filesBeforeThreads: filesBeforeThreads ?? FILES_BEFORE_THREADS,
      maxThreads: maxThreads ?? Math.min(MAX_THREADS, availableParallelism()),
    };
  }

  /** A file was listed, and will probably be asked for. */
  expect(): void {
    this.#expected += 1;
    if (this.#expected > this.#options.filesBeforeThreads && this.#threads.length === 0) void this.start();
  }

  /** Starts a thread. Settles once it can read; or never will, and everything is left to the caller. */
  async start(): Promise<void> {
    if (this.#state !== 'usable') return;
    const broke = (): void => {
      if (this.#state === 'usable') this.#state = 'broken';
    };
    try {
      const thread = new ReadingThread(this.#options, broke);
      this.#threads.push(thread);
      await thread.started;
    } catch (error) {
      // No more processes for this user, say.
      log('no reading thread: %s', messageOf(error));
      broke();
    }
  }

  /**
   * Reads a file as part of the next batch. `undefined`, at once or later: the caller has to read it.
   *
   * @param bytes - its size as listed
   */
  prepare(
    path: Buffer,
    bytes: number,
    root: SourceRoot,
    { level, compressed }: PrepareOptions,
  ): Promise<PreparedSource | undefined> | undefined {
    if (this.#state !== 'usable' || !this.#threads.some(({ ready }) => ready)) return undefined;
    // Files that the system makes up as they are read say that they are empty.
    if (bytes === 0 || bytes > MAX_BATCHED_BYTES) return undefined;
    if (level !== this.#options.level || compressed === 'yes') return undefined;
    if (
      this.#open !== undefined &&
      (this.#open.root !== root || this.#open.bytes + bytes > MAX_BATCH_BYTES)
    ) {
      this.#send();
    }
    const batch = (this.#open ??= this.#begin(root));
    batch.bytes += bytes;
    return new Promise((resolve, reject) => {
      batch.files.push({ path, compressed: compressed === 'likely', resolve, reject });
      if (batch.files.length === MAX_BATCH_FILES) this.#send();
    });
  }

  /** Ends the threads. What was asked for and is not answered yet fails. */
  async close(): Promise<void> {
    this.#state = 'closed';
    const { files = [] } = this.#open ?? {};
    for (const { reject } of files) reject(closed());
    this.#open = undefined;
    await Promise.all(this.#threads.splice(0).map((thread) => thread.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #begin(root: SourceRoot): OpenBatch {
    const batch = { root, bytes: 0, files: [] };
    // When whoever asks for files waits for them, there will be no more.
    setImmediate(() => {
      if (this.#open === batch) this.#send();
    });
    return batch;
  }

  #send(): void {
    const batch = this.#open!;
    this.#open = undefined;
    const { files } = batch;
    if (this.#state !== 'usable') {
      for (const { resolve } of files) resolve(undefined);
      return;
    }
    let left = files.length;
    const buffer = this.#idleBuffers.pop() ?? new ArrayBuffer(BATCH_BYTES);
    this.#idlest().read(buffer, batch, (answer) => {
      const release = (): void => {
        left -= 1;
        if (left === 0 && answer !== undefined) this.#idleBuffers.push(answer.buffer);
      };
      for (const [index, { resolve }] of files.entries()) {
        const source = answer && readAnswer(answer, index, release);
        if (source === undefined) release();
        resolve(source);
      }
    });
  }

  /** The one that has least to do. Starts another when all are busy and more are allowed. */
  #idlest(): ReadingThread {
    const [idlest] = this.#threads.filter(({ ready }) => ready).sort((a, b) => a.waiting - b.waiting);
    const missed = idlest!.waiting > 0 && this.#threads.every(({ ready }) => ready);
    if (missed && this.#threads.length < this.#options.maxThreads) void this.start();
    return idlest!;
  }
}

interface OpenBatch {
  readonly root: SourceRoot;
  readonly files: WantedFile[];
  bytes: number;
}

interface WantedFile {
  readonly path: Buffer;
  readonly compressed: boolean;
  readonly resolve: (source: PreparedSource | undefined) => void;
  readonly reject: (reason: Error) => void;
}

/** One thread, and the batches it has been given. */
class ReadingThread {
  /** Settles once it reads, or has ended. */
  readonly started: Promise<void>;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #waiting: { batch: OpenBatch; answered: (answer: SourceAnswer | undefined) => void }[] = [];
  #ready = false;
  #closing = false;

  /** @param broke - Called when it ended without being asked to. */
  constructor({ level, program }: { readonly level: number; readonly program: URL }, broke: () => void) {
    const workerData: SourceWorkerData = { level };
    this.#worker = new Worker(program, {
      workerData,
      // Nothing that it makes lives long.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.on('message', (message: SourceMessage) => {
      if (message !== 'ready') this.#waiting.shift()?.answered(message);
    });
    this.#worker.on('error', (error) => {
      log('a reading thread failed: %s', messageOf(error));
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        if (!this.#closing) broke();
        for (const { batch, answered } of this.#waiting.splice(0)) {
          if (!this.#closing) answered(undefined);
          else for (const { reject } of batch.files) reject(closed());
        }
        resolve();
      });
    });
    const ready = new Promise<void>((resolve) => {
      this.#worker.once('message', () => {
        this.#ready = true;
        resolve();
      });
    });
    this.started = Promise.race([ready, this.#exited]);
  }

  /** Whether it can be given something to read. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Batches that it has not answered yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  read(buffer: ArrayBuffer, batch: OpenBatch, answered: (answer: SourceAnswer | undefined) => void): void {
    this.#waiting.push({ batch, answered });
    const { files, root } = batch;
    const message: SourceBatch = {
      paths: joinPaths(files.map(({ path }) => path)),
      compressed: Uint8Array.from(files, ({ compressed }) => (compressed ? 1 : 0)),
      root: root.facts,
      buffer,
    };
    this.#worker.postMessage(message, [buffer]);
  }

  /** Lets it finish what it is at, so that no file stays open, unless that takes too long. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#worker.postMessage('close');
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSING_MS);
    await this.#exited;
    clearTimeout(timer);
  }
}

function closed(): Error {
  return new Error('the reader of files was closed');
}
