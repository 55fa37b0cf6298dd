import { lstatSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { ImageEntry } from '../image/image-entry.js';
import { throwIfCancelled } from '../support/abort.js';
import { errnoOf } from '../support/errno.js';
import type { CollectorContext } from './component-collector.js';
import { printablePath } from './entry-path.js';
import { fileTree } from './file-tree.js';
import { followLink, oddKind, unreadable } from './open-source.js';
import type { ReadSourceOptions } from './read-source.js';
import { sourceEntry, type SourceContext } from './source-entry.js';
import { SourceNotes } from './source-notes.js';
import type { SourceReader } from './source-reader.js';
import { SourceRoot } from './source-root.js';

/**
 * What {@link fileSources} needs to know.
 *
 * @internal
 */
export interface FileSourcesOptions extends ReadSourceOptions, Pick<CollectorContext, 'warn' | 'annotate'> {
  /** Files below it are confined to it. */
  readonly gatewayRoot: string;
  /** All other files are confined to this one. */
  readonly hostRoot: string;
  /** Reads small files ahead, for as many components as its owner likes. Default: none. */
  readonly reader?: SourceReader | undefined;
}

/**
 * The two ways in which a collector is given files. Make one for each component and attempt: it keeps what it had to
 * leave out.
 *
 * @internal
 */
export function fileSources(options: FileSourcesOptions): Pick<CollectorContext, 'files' | 'file'> {
  const notes = new SourceNotes(options);
  const contextFor = (path: string): SourceContext | undefined => {
    const root = isBelow(path, options.gatewayRoot) ? options.gatewayRoot : options.hostRoot;
    try {
      return { ...options, notes, root: new SourceRoot(root) };
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw unreadable(Buffer.from(root), error);
    }
  };
  return {
    files: (directory, treeOptions = {}) => ({
      [Symbol.asyncIterator]() {
        const context = contextFor(directory);
        if (context !== undefined) return fileTree(directory, treeOptions, context);
        notes.missingFolder(directory);
        return nothing();
      },
    }),
    // eslint-disable-next-line @typescript-eslint/require-await -- the contract leaves room for slower sources
    async file(path, entryPath) {
      throwIfCancelled(options.signal, 'collect');
      const context = contextFor(path);
      return context === undefined ? undefined : singleFile(path, entryPath, context);
    },
  };
}

// eslint-disable-next-line @typescript-eslint/require-await -- an empty folder
async function* nothing(): AsyncGenerator<ImageEntry, void, undefined> {
  return;
}

function isBelow(path: string, folder: string): boolean {
  const prefix = join(folder, sep);
  return join(path, sep).startsWith(prefix);
}

function singleFile(
  path: string,
  entryPath: string,
  context: SourceContext,
): ReturnType<typeof sourceEntry> | undefined {
  const bytes = Buffer.from(path);
  try {
    const listed = lstatSync(bytes);
    const target = listed.isSymbolicLink() ? followLink(bytes, context.root) : bytes;
    if (typeof target !== 'string') {
      const facts = statSync(target);
      const odd = oddKind(facts);
      if (odd === undefined) return sourceEntry(bytes, Buffer.from(entryPath), facts, context);
      context.notes.skipped(printablePath(bytes), odd);
    } else {
      context.notes.skipped(printablePath(bytes), target);
    }
    return undefined;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw unreadable(bytes, error);
  }
}

function isAbsence(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
