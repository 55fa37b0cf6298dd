import type { WholeImageEntry } from '../image/image-entry.js';
import type { PreparedContent, PrepareOptions } from '../image/prepare-content.js';
import { entryPath, printablePath } from './entry-path.js';
import { openSource } from './open-source.js';
import { readSource, type ReadSourceOptions, type WholeSource } from './read-source.js';
import type { SourceFacts } from './source-batch.js';
import { SourceContent } from './source-content.js';
import type { SourceReader } from './source-reader.js';
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
  /** Reads small files ahead. Default: none, each file is read when its turn comes. */
  readonly reader?: SourceReader | undefined;
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
  facts: SourceFacts,
  context: SourceContext,
): WholeImageEntry {
  return new SourceEntry(path, name, facts, context);
}

/** Its methods are properties of its own, so that a collector can copy it with another path: `{ ...entry, path }`. */
class SourceEntry implements WholeImageEntry {
  readonly path: string;
  readonly originalName: Buffer | undefined;
  bytes: number;
  mode: number;
  owner: { readonly uid: number; readonly gid: number };
  modifiedAt: Date;
  readonly #path: Buffer;
  readonly #context: SourceContext;

  constructor(path: Buffer, name: Buffer, facts: SourceFacts, context: SourceContext) {
    const safe = entryPath(name);
    this.path = safe.path;
    this.originalName = safe.originalName;
    this.bytes = facts.size;
    this.mode = facts.mode & 0o7777;
    this.owner = { uid: facts.uid, gid: facts.gid };
    this.modifiedAt = facts.mtime;
    this.#path = path;
    this.#context = context;
  }

  readonly open = (): SourceContent | undefined => {
    const { root, signal, notes } = this.#context;
    const path = this.#path;
    const opened = openSource(path, root);
    if (opened.outcome !== 'opened') {
      noteAbsence(opened, path, notes);
      return undefined;
    }
    this.#found(opened.facts);
    return new SourceContent({
      ...opened,
      path,
      signal,
      changed: () => {
        notes.changed(printablePath(path));
      },
    });
  };

  readonly readWhole = (): Buffer | undefined | Promise<Buffer | undefined> => {
    const source = readSource(this.#path, this.#context.root, this.#context);
    return source instanceof Promise ? source.then((read) => this.#finish(read)) : this.#finish(source);
  };

  readonly prepare = (options: PrepareOptions): Promise<PreparedContent | undefined> | undefined => {
    const { reader, root } = this.#context;
    return reader?.prepare(this.#path, this.bytes, root, options)?.then((source) => {
      if (source !== undefined) this.#found(source.facts);
      return source?.content;
    });
  };

  #finish(source: WholeSource): Buffer | undefined {
    const { notes } = this.#context;
    if (source.outcome !== 'read') {
      noteAbsence(source, this.#path, notes);
      return undefined;
    }
    if (source.changed) notes.changed(printablePath(this.#path));
    this.#found(source.facts);
    this.bytes = source.content.length;
    return source.content;
  }

  /** As the file was when it was read. */
  #found({ size, mode, uid, gid, mtime }: SourceFacts): void {
    this.bytes = size;
    this.mode = mode & 0o7777;
    this.owner = { uid, gid };
    this.modifiedAt = mtime;
  }
}

function noteAbsence(
  source: { readonly outcome: 'vanished' } | { readonly outcome: 'skipped'; readonly reason: string },
  path: Buffer,
  notes: SourceNotes,
): void {
  if (source.outcome === 'vanished') notes.vanished(printablePath(path));
  else notes.skipped(printablePath(path), source.reason);
}
