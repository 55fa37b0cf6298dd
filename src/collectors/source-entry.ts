import type { Stats } from 'node:fs';
import type { WholeImageEntry } from '../image/image-entry.js';
import { entryPath, printablePath } from './entry-path.js';
import { openSource } from './open-source.js';
import { readSource, type ReadSourceOptions } from './read-source.js';
import { SourceContent } from './source-content.js';
import type { SourceNotes } from './source-notes.js';
import type { SourceRoot } from './source-root.js';

/**
 * What reading a file needs besides its path.
 *
 * @internal
 */
export interface SourceContext extends ReadSourceOptions {
  readonly root: SourceRoot;
  readonly notes: SourceNotes;
}

/**
 * A regular file as an entry. It is opened when its turn comes; if it is gone by then, that is noted and the entry is
 * left out.
 *
 * @param path - The file itself, as bytes of the file system.
 * @param name - The path inside the component before it was made safe.
 * @param facts - As listed; replaced by those of the file that is read.
 * @internal
 */
export function sourceEntry(
  path: Buffer,
  name: Buffer,
  facts: Stats,
  context: SourceContext,
): WholeImageEntry {
  const safe = entryPath(name);
  const entry: Mutable<WholeImageEntry> = {
    path: safe.path,
    originalName: safe.originalName,
    ...factsOf(facts),
    open() {
      const opened = openSource(path, context.root);
      if (opened.outcome !== 'opened') {
        noteAbsence(opened, path, context.notes);
        return undefined;
      }
      Object.assign(entry, factsOf(opened.facts));
      return new SourceContent({
        ...opened,
        path,
        signal: context.signal,
        changed: () => {
          context.notes.changed(printablePath(path));
        },
      });
    },
    readWhole() {
      const source = readSource(path, context.root, context);
      return source instanceof Promise ? source.then(finish) : finish(source);
    },
  };
  const finish = (source: Awaited<ReturnType<typeof readSource>>): Buffer | undefined => {
    if (source.outcome !== 'read') {
      noteAbsence(source, path, context.notes);
      return undefined;
    }
    if (source.changed) context.notes.changed(printablePath(path));
    Object.assign(entry, factsOf(source.facts), { bytes: source.content.length });
    return source.content;
  };
  return entry;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function factsOf(facts: Stats): Pick<WholeImageEntry, 'bytes' | 'mode' | 'owner' | 'modifiedAt'> {
  return {
    bytes: facts.size,
    mode: facts.mode & 0o7777,
    owner: { uid: facts.uid, gid: facts.gid },
    modifiedAt: facts.mtime,
  };
}

function noteAbsence(
  source: { readonly outcome: 'vanished' } | { readonly outcome: 'skipped'; readonly reason: string },
  path: Buffer,
  notes: SourceNotes,
): void {
  if (source.outcome === 'vanished') notes.vanished(printablePath(path));
  else notes.skipped(printablePath(path), source.reason);
}
