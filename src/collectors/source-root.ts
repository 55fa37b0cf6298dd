import { fstatSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { platform } from 'node:os';
import { sep } from 'node:path';

/** A {@link SourceRoot} as another thread is told of it. */
export interface SourceRootFacts {
  readonly path: string;
  /** Its links resolved, with a slash at the end. */
  readonly prefix: Uint8Array;
  readonly descriptors: string | null;
}

/**
 * A folder that nothing may be read outside of.
 *
 * @internal
 */
export class SourceRoot {
  /** As the caller named it. */
  readonly path: string;
  readonly #resolved: Uint8Array;
  readonly #prefix: Buffer | undefined;
  readonly #descriptors: string | null;

  /**
   * Resolves the folder's own links.
   *
   * @param descriptors - Folder in which the system shows the files that this process has open, or `null` for the way of systems
   * that have none.
   */
  constructor(
    path: string,
    descriptors: string | null = descriptorFolder,
    resolved: Uint8Array = realPrefix(path),
  ) {
    this.path = path;
    this.#descriptors = descriptors;
    this.#resolved = resolved;
    const prefix = Buffer.from(resolved);
    // Everything lies below `/`.
    this.#prefix = prefix.equals(Buffer.from('/')) ? undefined : prefix;
  }

  /** The same folder in another thread, its links as they were resolved here. */
  static from({ path, prefix, descriptors }: SourceRootFacts): SourceRoot {
    return new SourceRoot(path, descriptors, prefix);
  }

  /** For {@link SourceRoot.from}. */
  get facts(): SourceRootFacts {
    return { path: this.path, prefix: Uint8Array.from(this.#resolved), descriptors: this.#descriptors };
  }

  /** Whether a path without any links in it lies below this folder, or is the folder. */
  contains(realPath: Buffer): boolean {
    const prefix = this.#prefix;
    if (prefix === undefined) return true;
    const { length } = prefix;
    if (realPath.length >= length) return realPath.compare(prefix, 0, length, 0, length) === 0;
    return realPath.equals(prefix.subarray(0, -1));
  }

  /**
   * Whether an open file lies below this folder, wherever its path has led to: a folder on the way may have been
   * replaced by a link after it was looked at.
   */
  holds(descriptor: number, path: Buffer): boolean {
    if (this.#prefix === undefined) return true;
    const shown = this.descriptorPath(descriptor);
    if (shown !== undefined) {
      try {
        return this.contains(readlinkSync(shown, 'buffer'));
      } catch {
        // The folder of descriptors is not there, in a bare container say: the portable way.
      }
    }
    return this.#holdsByIdentity(descriptor, path);
  }

  /** Whether a path leads below this folder at this moment. */
  leadsInside(path: Buffer): boolean {
    return this.contains(realpathSync.native(path, 'buffer'));
  }

  /** A path that names the open file itself, where the system has such paths. */
  descriptorPath(descriptor: number): string | undefined {
    return this.#descriptors === null ? undefined : `${this.#descriptors}/${descriptor}`;
  }

  // What the path leads to now, without links, must be below the root and the very file that is open.
  #holdsByIdentity(descriptor: number, path: Buffer): boolean {
    try {
      const real = realpathSync.native(path, 'buffer');
      if (!this.contains(real)) return false;
      const expected = lstatSync(real, { bigint: true });
      const open = fstatSync(descriptor, { bigint: true });
      return expected.dev === open.dev && expected.ino === open.ino;
    } catch {
      return false;
    }
  }
}

function realPrefix(path: string): Buffer {
  const real = realpathSync.native(path, 'buffer');
  const separator = Buffer.from(sep);
  return real.subarray(-1).equals(separator) ? real : Buffer.concat([real, separator]);
}

const descriptorFolder = platform() === 'linux' ? '/proc/self/fd' : null;
