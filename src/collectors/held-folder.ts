import { closeSync, constants, openSync } from 'node:fs';
import type { SourceRoot } from './source-root.js';

// Windows cannot open folders.
const optional: {
  readonly O_DIRECTORY?: number;
  readonly O_NOFOLLOW?: number;
  readonly O_NONBLOCK?: number;
} = constants;
const flags =
  optional.O_DIRECTORY === undefined
    ? undefined
    : constants.O_RDONLY | optional.O_DIRECTORY | (optional.O_NOFOLLOW ?? 0) | (optional.O_NONBLOCK ?? 0);

/**
 * A folder below the root that is held open. What is reached through it is in this very folder, wherever the folder's path
 * leads to by now; so it is asked only once whether it lies below the root.
 *
 * @internal
 */
export class HeldFolder implements Disposable {
  /** Whether this system can open folders. */
  static readonly isPossible = flags !== undefined;
  /** As it was opened. */
  readonly path: Buffer;
  /** A path that names the open folder itself; `undefined` where the system has no such paths. */
  readonly shown: string | undefined;
  readonly #descriptor: number;

  private constructor(path: Buffer, shown: string | undefined, descriptor: number) {
    this.path = path;
    this.shown = shown;
    this.#descriptor = descriptor;
  }

  /**
   * `undefined`: it does not lie below the root.
   *
   * @throws what the file system throws when it cannot be opened or is a link.
   */
  static open(path: Buffer, root: SourceRoot): HeldFolder | undefined {
    const descriptor = openSync(path, flags!);
    if (root.holds(descriptor, path))
      return new HeldFolder(path, root.descriptorPath(descriptor), descriptor);
    closeSync(descriptor);
    return undefined;
  }

  /** Whether this is the folder that a file's path names. */
  isFolderOf(path: Buffer): boolean {
    return folderOf(path).equals(this.path);
  }

  /** A file of this folder by way of the open folder; `undefined` where the system has no such paths. */
  pathTo(path: Buffer): Buffer | undefined {
    const { shown } = this;
    return shown === undefined
      ? undefined
      : Buffer.concat([Buffer.from(shown), path.subarray(this.path.length)]);
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/** The path of the folder that a file's path names. */
export function folderOf(path: Buffer): Buffer {
  return path.subarray(0, path.lastIndexOf(0x2f));
}
