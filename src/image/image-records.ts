/**
 * What the image says of one entry.
 *
 * @public
 */
export interface ImageEntryRecord {
  /** Full name in the image. */
  readonly path: string;
  /** The component that it belongs to; empty for an entry of the image itself. */
  readonly component: string;
  /** Uncompressed size. */
  readonly bytes: number;
  /** Size in the image. */
  readonly compressedBytes: number;
  /** CRC-32 of the content. */
  readonly crc32: number;
  /** SHA-256 of the content, lower-case hex. */
  readonly sha256: string;
  /** Permission bits. */
  readonly mode: number;
  /** Numeric owner, when the entry gave one. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** As the entry gave it, else the start of the run. */
  readonly modifiedAt: Date;
  /** The name's bytes as found, when `path` differs from them. */
  readonly originalName: Uint8Array | undefined;
}

/**
 * A point of an image to go back to. Made by {@link ImageWriter.savepoint}.
 *
 * @public
 */
export interface ImageSavepoint {
  /** Entries that stay. */
  readonly entries: number;
  /** Length of the file there. */
  readonly bytes: number;
}

/**
 * Watches an {@link ImageWriter} at work.
 *
 * @public
 */
export interface ImageWriterObserver {
  /** Called when an entry is complete in the image. */
  readonly onEntry?: ((record: ImageEntryRecord) => void) | undefined;
  /** Called as content is consumed, with the uncompressed bytes since the last call. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * A finished image.
 *
 * @public
 */
export interface ImageSummary {
  /** Entries in all, `manifest.log` too. */
  readonly entries: number;
  /** Size of the file. */
  readonly bytes: number;
  /** SHA-256 of the whole file, lower-case hex. */
  readonly sha256: string;
}
