import { readdirSync, type Dirent } from 'node:fs';
import { errnoOf } from '../support/errno.js';
import { HeldFolder } from './held-folder.js';
import { unreadable } from './open-source.js';
import type { SourceRoot } from './source-root.js';

/**
 * One name in a folder.
 *
 * @internal
 */
export interface FolderItem {
  readonly name: Buffer;
  readonly kind: 'file' | 'directory' | 'link' | 'other';
}

/**
 * What is in a folder below the root, sorted so that walking it depth first gives whole paths in the order of their
 * bytes. `undefined` if it is no folder below the root (any more).
 *
 * @throws BackupError `SOURCE_UNREADABLE` if it is there and cannot be read.
 * @internal
 */
export function listFolder(path: Buffer, root: SourceRoot): readonly FolderItem[] | undefined {
  try {
    using folder = HeldFolder.isPossible ? HeldFolder.open(path, root) : undefined;
    if (HeldFolder.isPossible && folder === undefined) return undefined;
    return list(path, folder?.shown, root)?.map(toItem).sort(bySortKey).map(withoutSortKey);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EMLINK') return undefined;
    throw unreadable(path, error);
  }
}

interface SortableItem extends FolderItem {
  readonly sortKey: Buffer;
}

function list(path: Buffer, shown: string | undefined, root: SourceRoot): Dirent<Buffer>[] | undefined {
  if (shown !== undefined) {
    try {
      return names(shown);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      // No folder of descriptors: the portable way.
    }
  }
  const listed = names(path);
  // A folder that has been replaced by a link meanwhile shows somebody else's names.
  return root.leadsInside(path) ? listed : undefined;
}

// As bytes: a name need not be text.
function names(path: string | Buffer): Dirent<Buffer>[] {
  return readdirSync(path, { encoding: 'buffer', withFileTypes: true });
}

function toItem(entry: Dirent<Buffer>): SortableItem {
  const { name } = entry;
  if (entry.isFile()) return { name, kind: 'file', sortKey: name };
  // As in a whole path, where a slash follows a folder's name.
  if (entry.isDirectory()) return { name, kind: 'directory', sortKey: Buffer.concat([name, slash]) };
  return { name, kind: entry.isSymbolicLink() ? 'link' : 'other', sortKey: name };
}

const slash = Buffer.from('/');

function bySortKey(a: SortableItem, b: SortableItem): number {
  return a.sortKey.compare(b.sortKey);
}

function withoutSortKey({ name, kind }: SortableItem): FolderItem {
  return { name, kind };
}
