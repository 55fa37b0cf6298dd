import { lstatSync, realpathSync, statSync, type Stats } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BackupError } from '../errors.js';
import type { ImageEntry } from '../image/image-entry.js';
import { throwIfCancelled } from '../support/abort.js';
import { errnoOf } from '../support/errno.js';
import type { FileTreeOptions } from './component-collector.js';
import { printablePath } from './entry-path.js';
import { listFolder, type FolderItem } from './list-folder.js';
import { followLink, oddKind, unreadable } from './open-source.js';
import { sourceEntry, type SourceContext } from './source-entry.js';

/**
 * The regular files of a folder as entries, sorted by the bytes of their paths.
 *
 * A link to a regular file below the root is taken as that file. Everything else that is not a regular file (a link to
 * a folder, to nothing or out of the root, a named pipe, a socket, a device) is left out with a warning.
 *
 * @throws BackupError `SOURCE_UNREADABLE` for a folder or file that is there and cannot be read, `CANCELLED`.
 * @internal
 */
export async function* fileTree(
  directory: string,
  options: FileTreeOptions,
  context: SourceContext,
): AsyncGenerator<ImageEntry, void, undefined> {
  const { signal, notes, reader } = context;
  throwIfCancelled(signal, 'collect');
  const top = findTop(directory, context);
  if (top === undefined) {
    notes.missingFolder(directory);
    return;
  }
  const walk = new Walk(directory, options, context);
  let turnEndsAt = Date.now() + longestTurnMs;
  for (const file of walk.files(top)) {
    reader?.expect();
    yield sourceEntry(file.path, file.name, file.facts, context);
    // Everything here is synchronous, which is fastest, but timers and signals want their turn too.
    if (Date.now() >= turnEndsAt) {
      await nextTurn();
      turnEndsAt = Date.now() + longestTurnMs;
    }
    throwIfCancelled(signal, 'collect');
  }
}

const longestTurnMs = 20;

interface FoundFile {
  readonly path: Buffer;
  readonly name: Buffer;
  readonly facts: Stats;
}

interface Folder {
  readonly path: Buffer;
  /** Relative to the top, ending with a slash, or empty for the top. */
  readonly relative: Buffer;
}

// The top's own links are resolved once, so that from there on no path holds a link that the walk has not looked at.
function findTop(directory: string, { root }: SourceContext): Folder | undefined {
  const path = Buffer.from(directory);
  let real: Buffer;
  try {
    real = realpathSync.native(directory, 'buffer');
    if (!statSync(real).isDirectory()) throw notAFolder(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === 'ENOTDIR') throw notAFolder(directory);
    throw error instanceof BackupError ? error : unreadable(path, error);
  }
  if (!root.contains(real)) {
    throw new BackupError('SOURCE_UNREADABLE', `The folder ${directory} leads out of ${root.path}`, {
      stage: 'collect',
      reason: 'outside-root',
      hint: 'Links are not followed out of the gateway. Put the folder itself where the link is.',
    });
  }
  return { path: real, relative: Buffer.alloc(0) };
}

function notAFolder(directory: string): BackupError {
  return new BackupError('SOURCE_UNREADABLE', `${directory} should be a folder and is not`, {
    stage: 'collect',
    reason: 'not-a-folder',
  });
}

class Walk {
  readonly #directory: Buffer;
  readonly #prefix: Buffer;
  readonly #recursive: boolean;
  readonly #include: FileTreeOptions['include'];
  readonly #context: SourceContext;

  constructor(
    directory: string,
    { prefix = '', recursive = true, include }: FileTreeOptions,
    context: SourceContext,
  ) {
    this.#directory = Buffer.from(directory.endsWith('/') ? directory : `${directory}/`);
    this.#prefix = Buffer.from(prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`);
    this.#recursive = recursive;
    this.#include = include;
    this.#context = context;
  }

  // A stack of its own: nested generators would cost more the deeper a file lies.
  *files(top: Folder): Generator<FoundFile, void, undefined> {
    const open = [{ folder: top, items: this.#list(top) }];
    for (let current = open.at(-1); current !== undefined; current = open.at(-1)) {
      const next = current.items.next();
      if (next.done === true) {
        open.pop();
        continue;
      }
      const item = next.value;
      const name = Buffer.concat([current.folder.relative, item.name]);
      const path = Buffer.concat([current.folder.path, separator, item.name]);
      if (item.kind === 'directory') {
        if (!this.#recursive || !this.#wanted(name, 'directory')) continue;
        const folder = { path, relative: Buffer.concat([name, separator]) };
        open.push({ folder, items: this.#list(folder) });
      } else {
        const facts = this.#look(item, path, name);
        if (facts === undefined) continue;
        yield { path, name: this.#prefix.length === 0 ? name : Buffer.concat([this.#prefix, name]), facts };
      }
    }
  }

  #list(folder: Folder): IterableIterator<FolderItem> {
    const items = listFolder(folder.path, this.#context.root);
    if (items === undefined) this.#context.notes.vanished(this.#shown(folder.relative));
    return (items ?? []).values();
  }

  #look(item: FolderItem, path: Buffer, name: Buffer): Stats | undefined {
    const { root, notes } = this.#context;
    let target: Buffer | string = path;
    if (item.kind === 'link') {
      target = followLink(path, root);
      // Whoever wants no folders is not told about links to some.
      const kind = Buffer.isBuffer(target) && isFolder(target) ? 'directory' : 'file';
      if ((kind === 'directory' && !this.#recursive) || !this.#wanted(name, kind)) return undefined;
      if (kind === 'directory') target = 'it is a link to a folder';
    } else if (!this.#wanted(name, 'file')) {
      return undefined;
    }
    if (typeof target === 'string') {
      notes.skipped(this.#shown(name), target);
      return undefined;
    }
    const facts = factsAt(target);
    if (facts === undefined) {
      notes.vanished(this.#shown(name));
      return undefined;
    }
    const odd = oddKind(facts);
    if (odd === undefined) return facts;
    notes.skipped(this.#shown(name), item.kind === 'link' ? `it is a link, and behind it ${odd}` : odd);
    return undefined;
  }

  #wanted(name: Buffer, kind: 'file' | 'directory'): boolean {
    return this.#include === undefined || this.#include(printablePath(name), kind);
  }

  // With the folder as it was named, not as its links resolve.
  #shown(name: Buffer): string {
    return printablePath(Buffer.concat([this.#directory, name]));
  }
}

const separator = Buffer.from('/');

function isFolder(path: Buffer): boolean {
  return factsAt(path)?.isDirectory() === true;
}

function factsAt(path: Buffer): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, error);
  }
}
