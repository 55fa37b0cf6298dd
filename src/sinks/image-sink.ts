import type { Readable } from 'node:stream';
import type { Log } from '../support/log.js';

/**
 * The finished, verified image before it is stored.
 *
 * @public
 */
export interface BackupImage {
  /** File name with its time stamp, for example `20261124093000_node1.zip`. */
  readonly name: string;
  /** Size of the whole image. */
  readonly bytes: number;
  /** SHA-256, lower-case hex. */
  readonly sha256: string;
  /** The staged file. A sink may link or rename it when it is on the same file system. */
  readonly path: string;
  /** A new stream over the whole image; call it as often as needed. */
  open(): Readable;
}

/**
 * What a sink is given.
 *
 * @public
 */
export interface SinkContext {
  /** Aborted when the run is cancelled. Hand it to every inner call. */
  readonly signal: AbortSignal;
  /** Writes to the log of the run, `DEBUG=gateway-backup:sink`. Never hand it a secret. */
  readonly log: Log;
  /** Report bytes as they go out: the total so far. */
  readonly progress: (bytes: number) => void;
  /** Adds a warning to the report. */
  readonly warn: (message: string) => void;
}

/**
 * Where the image was put.
 *
 * @public
 */
export interface StoredImage {
  /** Final path or address, for the report: put no password into it. */
  readonly path: string;
}

/**
 * Where images go. Implement this to store them somewhere of your own.
 *
 * @public
 */
export interface ImageSink {
  /** For messages, for example `local file` or `ftp`. */
  readonly name: string;
  /** Folder on the sink's own file system where the image is to be staged. Default: the work directory. */
  readonly stagingDirectory?: string | undefined;
  /**
   * What becomes of the staged image when storing fails for good. `keep` (default): it stays, and the error's hint says
   * where. `discard`: it is removed.
   */
  readonly stagedOnFailure?: 'keep' | 'discard' | undefined;
  /**
   * Called once before any work, with the final image name: reachable? allowed? is the name free? Leaves nothing behind.
   * May be called again by `--plan`.
   */
  prepare?(imageName: string, context: SinkContext): Promise<void>;
  /**
   * Stores the image. Under the final name there is a whole image or nothing. Throws a `BackupError` with one of the
   * `SINK_…` codes; after one that is `retryable` it may be called again with the same image. Anything else that it
   * throws becomes a `SINK_FAILED` that names the sink; once the signal is aborted, `CANCELLED`.
   */
  store(image: BackupImage, context: SinkContext): Promise<StoredImage>;
}
