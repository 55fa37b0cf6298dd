import { BackupError } from '../errors.js';

/** Names at the top of an image that the writer and the run fill themselves. */
export const VERSION_ENTRY = 'version';
export const RECORD_ENTRY = 'backup.json';
export const MANIFEST_ENTRY = 'manifest.log';

const reserved: ReadonlySet<string> = new Set([VERSION_ENTRY, RECORD_ENTRY, MANIFEST_ENTRY]);

/** The name of an entry in the image: its component's folder and its path. Throws what {@link pathFault} names. */
export function entryName(
  component: string,
  path: string,
  placement: 'component' | 'image' = 'component',
): string {
  if (component !== '' && !/^[a-z0-9][a-z0-9-]*$/.test(component)) {
    throw refusal(component, 'a component is named with lower-case letters, digits and -');
  }
  const name = component === '' || placement === 'image' ? path : `${component}/${path}`;
  const fault = pathFault(path) ?? pathFault(name);
  if (fault !== undefined) throw refusal(name, fault);
  return name;
}

/** Refuses a name that belongs to the writer, or a folder of that name. */
export function refuseReserved(name: string): void {
  if (reserved.has(name.split('/', 1)[0]!)) throw refusal(name, 'this name is reserved for the image itself');
}

/** Nearly every path there is, and nothing that {@link pathFault} has anything against. */
const plainPath = /^[A-Za-z0-9_][A-Za-z0-9_.+~ -]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.+~ -]*)*$/;

/** Why a path must not stand in an image; `undefined` for a safe one. */
export function pathFault(path: string): string | undefined {
  if (path.length <= 0xffff && plainPath.test(path)) return undefined;
  if (path === '') return 'an empty path';
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(path)) return 'a control character';
  if (path.includes('\\')) return 'a backslash';
  if (path.startsWith('/')) return 'an absolute path';
  if (/^[a-zA-Z]:/.test(path)) return 'a drive name';
  if (Buffer.byteLength(path) > 0xffff) return 'longer than a zip can name (65,535 bytes)';
  if (Buffer.from(path, 'utf8').toString('utf8') !== path) return 'half of a surrogate pair';
  for (const segment of path.split('/')) {
    if (segment === '') return 'an empty segment';
    if (segment === '.' || segment === '..') return `a ${segment} segment`;
  }
  return undefined;
}

/** The names taken so far. Names are compared exactly; a name cannot be both a file and a folder. */
export class EntryNames {
  readonly #files = new Set<string>();
  /** How many files and folders are directly in each folder. */
  readonly #folders = new Map<string, number>();

  /** Throws if a name cannot be taken. */
  refuseTaken(name: string): void {
    if (this.#files.has(name)) throw refusal(name, 'the image has an entry of this name');
    if (this.#folders.has(name)) throw refusal(name, 'the image has a folder of this name');
    // What is above a folder that is known was looked at when it became one.
    for (let at = folderOf(name); at !== '' && !this.#folders.has(at); at = folderOf(at)) {
      if (this.#files.has(at)) throw refusal(name, `${at} is a file in this image`);
    }
  }

  /** Takes a name. */
  take(name: string): void {
    this.#files.add(name);
    for (let at = folderOf(name), isNew = true; isNew && at !== ''; at = folderOf(at)) {
      const inside = this.#folders.get(at) ?? 0;
      this.#folders.set(at, inside + 1);
      isNew = inside === 0;
    }
  }

  /** Gives a taken name back. */
  release(name: string): void {
    if (!this.#files.delete(name)) return;
    for (let at = folderOf(name), isGone = true; isGone && at !== ''; at = folderOf(at)) {
      const inside = this.#folders.get(at)! - 1;
      isGone = inside === 0;
      if (isGone) this.#folders.delete(at);
      else this.#folders.set(at, inside);
    }
  }

  /** Starts again with these names. */
  reset(names: Iterable<string>): void {
    this.#files.clear();
    this.#folders.clear();
    for (const name of names) this.take(name);
  }
}

function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

function refusal(name: string, fault: string): BackupError {
  return new BackupError('SOURCE_UNREADABLE', `cannot put ${JSON.stringify(name)} into the image: ${fault}`, {
    stage: 'collect',
    reason: 'entry-name',
  });
}
