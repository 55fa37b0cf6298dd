import { createHash, type Hash } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackupError } from '../errors.js';
import { errnoOf } from '../support/errno.js';
import { logFor } from '../support/log.js';
import { BLOCK_BYTES, blockPool } from './block-pool.js';

const log = logFor('image');

/** From here on a piece is written as it is; below, gathering costs less than a write of its own. */
const DIRECT_BYTES = 128 * 1024;
/** What may wait for the disk before {@link ImageFile.ready} asks to pause. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;
/** So much is written before the disk is asked for it: a sync at the end that has everything left to do takes as long again. */
const SYNC_BYTES = 32 * 1024 * 1024;

/** A point of the file that can be gone back to. */
export interface FileMark {
  readonly bytes: number;
  readonly hash: Hash;
}

/**
 * The file that an image is written to: only appended to, hashed on the way, and cut back to a mark on demand. After the
 * first failed operation every later one throws the same error.
 */
export class ImageFile {
  readonly path: string;
  readonly #handle: FileHandle;
  #hash: Hash = createHash('sha256');
  #staging = blockPool.acquire();
  #staged = 0;
  #hashed = 0;
  #bytes = 0;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #writtenBytes = 0;
  /** How much was written when the disk was last asked for it. */
  #askedBytes = 0;
  #syncing: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #failure: BackupError | undefined;
  #closed = false;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Creates the file, which must not exist, readable by its owner only whatever the umask says. */
  static async create(path: string): Promise<ImageFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, 'wx', 0o600);
      await handle.chmod(0o600);
      return new ImageFile(path, handle);
    } catch (error) {
      if (handle !== undefined) {
        await handle.close().catch(() => undefined);
        await unlink(path).catch(() => undefined);
      }
      throw writeError(path, 'create', error);
    }
  }

  /** Length so far, with what waits to be written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Why the file is beyond use, if it is. */
  get failure(): BackupError | undefined {
    return this.#failure;
  }

  /** Appends. A piece of 128 KiB or more must not change afterwards; a smaller one is copied. */
  append(piece: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#bytes += piece.length;
    if (piece.length >= DIRECT_BYTES) {
      this.#unstage();
      this.#hash.update(piece);
      this.#enqueue(piece);
      return;
    }
    if (this.#staged + piece.length > BLOCK_BYTES) this.#unstage();
    this.#staging.set(piece, this.#staged);
    this.#staged += piece.length;
  }

  /** A promise to wait for before appending more; `undefined` while the disk keeps up. */
  ready(): Promise<void> | undefined {
    return this.#queuedBytes > MAX_PENDING_BYTES ? this.#drained() : undefined;
  }

  mark(): FileMark {
    this.#hashStaged();
    return { bytes: this.#bytes, hash: this.#hash.copy() };
  }

  /** Cuts the file back. The mark stays usable. */
  async cutBack(mark: FileMark): Promise<void> {
    this.#unstage();
    await this.#drained();
    await this.#attempt('truncate', () => this.#handle.truncate(mark.bytes));
    this.#hash = mark.hash.copy();
    this.#bytes = mark.bytes;
    this.#writtenBytes = mark.bytes;
    this.#askedBytes = Math.min(this.#askedBytes, mark.bytes);
  }

  /** Writes and syncs everything and closes the file. Returns its SHA-256. */
  async finish(): Promise<string> {
    this.#unstage();
    await this.#drained();
    await this.#syncing;
    await this.#attempt('fsync', () => this.#handle.sync());
    this.#closed = true;
    blockPool.release(this.#staging);
    await this.#attempt('close', () => this.#handle.close());
    return this.#hash.digest('hex');
  }

  /** Closes and removes the file. Never throws. */
  async remove(): Promise<void> {
    for (const piece of this.#queue.splice(0)) blockPool.release(piece);
    if (!this.#closed) blockPool.release(this.#staging);
    this.#failure ??= new BackupError('INTERNAL', `the image file ${this.path} was given up`, {
      stage: 'image',
    });
    await this.#writing?.catch(() => undefined);
    await this.#syncing;
    if (!this.#closed) {
      this.#closed = true;
      await this.#handle.close().catch((error: unknown) => {
        log('close %s: %s', this.path, error);
      });
    }
    await unlink(this.path).catch((error: unknown) => {
      log('remove %s: %s', this.path, error);
    });
  }

  #hashStaged(): void {
    if (this.#staged > this.#hashed) this.#hash.update(this.#staging.subarray(this.#hashed, this.#staged));
    this.#hashed = this.#staged;
  }

  #unstage(): void {
    if (this.#staged === 0) return;
    this.#hashStaged();
    this.#enqueue(this.#staging.subarray(0, this.#staged));
    this.#staging = blockPool.acquire();
    this.#staged = 0;
    this.#hashed = 0;
  }

  #enqueue(piece: Uint8Array): void {
    this.#queue.push(piece);
    this.#queuedBytes += piece.length;
    if (this.#writing !== undefined) return;
    this.#writing = this.#writeQueue().finally(() => {
      this.#writing = undefined;
    });
    // Reported by the next append, or by whoever waits.
    this.#writing.catch(() => undefined);
  }

  /** One write at a time, so that the order of the file is the order of the calls. */
  async #writeQueue(): Promise<void> {
    for (let piece = this.#queue.shift(); piece !== undefined; piece = this.#queue.shift()) {
      try {
        await this.#writePiece(piece);
        if (this.#writtenBytes - this.#askedBytes >= SYNC_BYTES) this.#syncBehind();
      } finally {
        this.#queuedBytes -= piece.length;
        blockPool.release(piece);
      }
    }
  }

  async #writePiece(piece: Uint8Array): Promise<void> {
    let rest = piece;
    while (rest.length > 0) {
      const { bytesWritten } = await this.#attempt('write', () =>
        this.#handle.write(rest, 0, rest.length, this.#writtenBytes),
      );
      rest = rest.subarray(bytesWritten);
      this.#writtenBytes += bytesWritten;
    }
  }

  /** Meanwhile the next pieces are made and written. A failure is found by the next append, as every other. */
  #syncBehind(): void {
    if (this.#syncing !== undefined) return;
    this.#askedBytes = this.#writtenBytes;
    this.#syncing = this.#attempt('fsync', () => this.#handle.datasync())
      .catch(() => undefined)
      .finally(() => {
        this.#syncing = undefined;
      });
  }

  async #drained(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #attempt<T>(operation: string, run: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await run();
    } catch (error) {
      this.#failure ??= writeError(this.path, operation, error);
      throw this.#failure;
    }
  }
}

/** A failed operation on the image's own file, as the error that the caller gets. */
export function writeError(path: string, operation: string, cause: unknown): BackupError {
  const errno = errnoOf(cause);
  const full = errno === 'ENOSPC' || errno === 'EDQUOT' || errno === 'EFBIG';
  const reason = full
    ? 'no-space'
    : errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS'
      ? 'access-denied'
      : 'io';
  return new BackupError(
    'IMAGE_WRITE_FAILED',
    `cannot ${operation} the image file ${path}: ${errno ?? String(cause)}`,
    {
      stage: 'image',
      reason: errno === 'EEXIST' ? 'exists' : reason,
      hint: full
        ? `free space in ${dirname(path)}, or name a work directory with more room`
        : `check the folder ${dirname(path)} and its file system`,
      cause,
    },
  );
}
