import { closeSync, constants, fstatSync, openSync, realpathSync, type Stats } from 'node:fs';
import { BackupError } from '../errors.js';
import { errnoOf } from '../support/errno.js';
import { printablePath } from './entry-path.js';
import type { HeldFolder } from './held-folder.js';
import type { SourceRoot } from './source-root.js';

/**
 * What became of the wish to read a file.
 *
 * @internal
 */
export type OpenedSource =
  | { readonly outcome: 'opened'; readonly descriptor: number; readonly facts: Stats }
  | { readonly outcome: 'vanished' }
  | { readonly outcome: 'skipped'; readonly reason: string };

/**
 * Opens a regular file below the root. Never waits for the other end of a pipe and never leaves the root, whatever
 * happens to the path in the meantime. A link is followed if its target is a regular file below the root.
 *
 * @param folder - The file's folder, held open and below the root when it was opened: what is in it then counts as inside,
 * in less time.
 * @throws BackupError `SOURCE_UNREADABLE` if the file is there and cannot be opened.
 * @internal
 */
export function openSource(path: Buffer, root: SourceRoot, folder?: HeldFolder): OpenedSource {
  const opened = openWithoutLinks(path, root, folder?.pathTo(path));
  if (opened !== 'link') return opened;
  const target = followLink(path, root);
  if (typeof target === 'string') return { outcome: 'skipped', reason: target };
  const openedTarget = openWithoutLinks(target, root);
  return openedTarget === 'link'
    ? { outcome: 'skipped', reason: 'it is a link that changes while it is followed' }
    : openedTarget;
}

/**
 * Where a link leads to, or a sentence part that says why it is not followed.
 *
 * @internal
 */
export function followLink(path: Buffer, root: SourceRoot): Buffer | string {
  try {
    const target = realpathSync.native(path, 'buffer');
    return root.contains(target) ? target : `it is a link that leads out of ${root.path}`;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'it is a link to nothing';
    if (code === 'ELOOP') return 'it is a link that leads round in a circle';
    throw unreadable(path, error);
  }
}

/**
 * What something is that is not a regular file; `undefined` if it is one.
 *
 * @internal
 */
export function oddKind(facts: Pick<Stats, OddKindTest | 'isFile'>): string | undefined {
  if (facts.isFile()) return undefined;
  if (facts.isDirectory()) return 'it is a folder';
  if (facts.isFIFO()) return 'it is a named pipe';
  if (facts.isSocket()) return 'it is a socket';
  if (facts.isBlockDevice() || facts.isCharacterDevice()) return 'it is a device';
  return 'it is not a regular file';
}

type OddKindTest = 'isDirectory' | 'isFIFO' | 'isSocket' | 'isBlockDevice' | 'isCharacterDevice';

/**
 * The error for a file that is there but cannot be read.
 *
 * @internal
 */
export function unreadable(path: Buffer, cause: unknown): BackupError {
  const code = errnoOf(cause) ?? 'unknown error';
  const denied = code === 'EACCES' || code === 'EPERM';
  return new BackupError('SOURCE_UNREADABLE', `${printablePath(path)} could not be read: ${code}`, {
    stage: 'collect',
    reason: denied ? 'access-denied' : 'read-failed',
    hint: denied
      ? 'Run the backup as a user who may read this file.'
      : 'Check the file system that this file is on, then run the backup again.',
    cause,
  });
}

// Windows has neither of these flags; there the check after opening does their work.
const optional: { readonly O_NOFOLLOW?: number; readonly O_NONBLOCK?: number; readonly O_NOCTTY?: number } =
  constants;
const flags =
  constants.O_RDONLY | (optional.O_NOFOLLOW ?? 0) | (optional.O_NONBLOCK ?? 0) | (optional.O_NOCTTY ?? 0);

/** @param held - The same file by way of a folder that is below the root. */
function openWithoutLinks(path: Buffer, root: SourceRoot, held?: Buffer): OpenedSource | 'link' {
  let descriptor: number;
  try {
    descriptor = openSync(held ?? path, flags);
  } catch (error) {
    const code = errnoOf(error);
    // The folder of descriptors is not there, in a bare container say: the portable way.
    if (code === 'ENOENT' && held !== undefined) return openWithoutLinks(path, root);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { outcome: 'vanished' };
    // The last part is a link; FreeBSD says it with the second code.
    if (code === 'ELOOP' || code === 'EMLINK') return 'link';
    if (code === 'ENXIO') return { outcome: 'skipped', reason: 'it is a socket or a device' };
    throw unreadable(path, error);
  }
  try {
    const facts = fstatSync(descriptor);
    const reason =
      oddKind(facts) ??
      (held !== undefined || root.holds(descriptor, path)
        ? undefined
        : `a folder on its way now leads out of ${root.path}`);
    if (reason === undefined) return { outcome: 'opened', descriptor, facts };
    closeSync(descriptor);
    return { outcome: 'skipped', reason };
  } catch (error) {
    closeSync(descriptor);
    throw unreadable(path, error);
  }
}
