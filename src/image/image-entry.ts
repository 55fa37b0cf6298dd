import type { Readable } from 'node:stream';
import type { PreparedContent, PrepareOptions } from './prepare-content.js';

/**
 * The content of an entry: a Node stream, or any async iterable of byte chunks.
 *
 * @public
 */
export type ImageContent = Readable | AsyncIterable<Uint8Array>;

/**
 * One file of the image. An entry is a way to open its content, not an opened stream: it holds no handle while it
 * waits for its turn.
 *
 * @public
 */
export interface ImageEntry {
  /**
   * Path with `/` separators, relative. The writer puts the component's name before it and refuses what is not safe:
   * absolute paths, `.` and `..` segments, backslashes, control characters, duplicates.
   */
  readonly path: string;
  /**
   * `component` (default): below the folder of the component. `image`: at the top of the image; it still belongs to the
   * component and vanishes with it.
   */
  readonly placement?: 'component' | 'image' | undefined;
  /** Permission bits. Default: 0o600. */
  readonly mode?: number | undefined;
  /** Numeric owner, for the record of the run. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Default: the start of the run. */
  readonly modifiedAt?: Date | undefined;
  /** The name's bytes as found, when they are not UTF-8 or not safe, so that `path` differs from them. */
  readonly originalName?: Uint8Array | undefined;
  /** Expected size, when known: decides how the content is read, never how much of it. */
  readonly bytes?: number | undefined;
  /**
   * `auto` (default): compressed, with the strategy chosen block by block from a sample. `compressed`: the content is
   * compressed already and is only framed.
   */
  readonly content?: 'auto' | 'compressed' | undefined;
  /**
   * Called at most once, when the entry's turn comes. What it returns is always closed by the writer. `undefined` means
   * that the source is gone by now: the entry is left out of the image, and nothing has failed.
   */
  open(): ImageContent | undefined | Promise<ImageContent | undefined>;
}

/**
 * An entry whose content can also be had in one piece, which for a small file costs far less than a stream.
 *
 * @internal
 */
export interface WholeImageEntry extends ImageEntry {
  /**
   * The whole content, for an entry whose expected size is small enough to hold. Called at most once, and instead of
   * `open`. Answers without a promise whenever it can. `undefined`: as for `open`. The properties of the entry (mode,
   * owner, time, size) are those of the file that was read, once it has answered.
   */
  readWhole(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /**
   * Has another thread read and compress the content, as `prepareContent` would, where that pays. `undefined`, at once or
   * later: it was not done, and `readWhole` says why, or does it.
   */
  prepare?(options: PrepareOptions): Promise<PreparedContent | undefined> | undefined;
}

/** Whether an entry is a {@link WholeImageEntry}. */
export function isWholeImageEntry(entry: ImageEntry): entry is WholeImageEntry {
  return 'readWhole' in entry && typeof entry.readWhole === 'function';
}

/**
 * An entry made from bytes or text in memory.
 *
 * @example
 * ```ts
 * const entry = bytesEntry('notes/node.txt', 'Gateway1', { mode: 0o644 });
 * ```
 *
 * @public
 */
export function bytesEntry(
  path: string,
  content: Uint8Array | string,
  facts: Omit<ImageEntry, 'path' | 'open' | 'bytes'> = {},
): ImageEntry {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const entry: WholeImageEntry = {
    ...facts,
    path,
    bytes: bytes.length,
    readWhole: () => bytes,
    // eslint-disable-next-line @typescript-eslint/require-await -- a generator with nothing to wait for
    async *open() {
      yield bytes;
    },
  };
  return entry;
}
