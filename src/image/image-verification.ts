import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { isBackupError } from '../errors.js';
import { throwIfCancelled, type AbortableOptions } from '../support/abort.js';
import { messageOf } from '../support/message-of.js';
import type { BackupRecord, RecordedEntry } from './backup-record.js';
import { checkDescriptor, checkDirectory, checkLocalHeader, quoted } from './check-layout.js';
import { checkRecord } from './check-record.js';
import { ContentError, readContent, type ContentFindings, type ContentKind } from './entry-content.js';
import { MANIFEST_ENTRY, RECORD_ENTRY, VERSION_ENTRY } from './entry-path.js';
import { FileWindow } from './file-window.js';
import { ImageFaults, printable, type ImageFault } from './image-fault.js';
import { parseBackupRecord } from './parse-backup-record.js';
import { OWN_VERSION_MADE_BY } from './zip-layout.js';
import { readZipDirectory, type ZipDirectory, type ZipDirectoryEntry } from './zip-reader.js';

/**
 * Settings of {@link verifyImage}.
 *
 * @public
 */
export interface VerifyImageOptions extends AbortableOptions {
  /** Called with the bytes of the file that have been checked, and its size. */
  readonly onProgress?: ((bytes: number, totalBytes: number) => void) | undefined;
}

/**
 * What {@link verifyImage} found.
 *
 * @public
 */
export interface ImageVerification {
  /** Whether there is no fault at all. */
  readonly valid: boolean;
  /** In the order in which they were found. */
  readonly faults: readonly ImageFault[];
  /** What is worth knowing and no fault. */
  readonly notes: readonly string[];
  /** `backup.json`; `null` when the image has none, or none that can be read. */
  readonly record: BackupRecord | null;
  /** Whether the image holds all that was wanted, as `backup.json` says; `null` without one. */
  readonly status: 'success' | 'partial' | null;
  /** The Gateway's version that the image names; `null` when it does not. */
  readonly version: string | null;
  /** Entries of the directory. */
  readonly entries: number;
  /** Size of the file. */
  readonly bytes: number;
}

/** Larger ones are not made: an image's own texts have a line for each entry. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024;

/** The work of `verifyImage`. */
export async function checkImage(file: string, options: VerifyImageOptions = {}): Promise<ImageVerification> {
  throwIfCancelled(options.signal, 'verify');
  const faults = new ImageFaults();
  let handle: FileHandle | undefined;
  try {
    // Not blocking, so that a named pipe is seen for what it is.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (stats.isFile()) {
      using window = new FileWindow(handle);
      return await new Verification(handle, window, stats.size, faults, options).run();
    }
    faults.add('unreadable', 'this is not a regular file');
  } catch (error) {
    if (isBackupError(error)) throw error;
    faults.add('unreadable', messageOf(error));
  } finally {
    await handle?.close();
  }
  return verdict(faults, 0);
}

function verdict(
  faults: ImageFaults,
  bytes: number,
  more: Partial<ImageVerification> = {},
): ImageVerification {
  const none = { notes: [], record: null, status: null, version: null, entries: 0 };
  return { valid: faults.none, faults: faults.list(), ...none, bytes, ...more };
}

class Verification {
  readonly #handle: FileHandle;
  readonly #window: FileWindow;
  readonly #bytes: number;
  readonly #faults: ImageFaults;
  readonly #options: VerifyImageOptions;
  readonly #notes: string[] = [];
  #version: string | null = null;

  constructor(
    handle: FileHandle,
    window: FileWindow,
    bytes: number,
    faults: ImageFaults,
    options: VerifyImageOptions,
  ) {
    this.#handle = handle;
    this.#window = window;
    this.#bytes = bytes;
    this.#faults = faults;
    this.#options = options;
  }

  async run(): Promise<ImageVerification> {
    const faults = this.#faults;
    let directory: ZipDirectory;
    try {
      directory = await readZipDirectory(this.#handle, this.#bytes);
    } catch (error) {
      const message = messageOf(error);
      faults.add('structure', `this is not a whole zip: ${printable(message)}`);
      return verdict(faults, this.#bytes);
    }
    const { entries } = directory;
    const own = entries.some(({ path }) => path === RECORD_ENTRY);
    await checkDirectory(this.#window, directory, this.#bytes, own, faults);
    const record = own ? await this.#readRecord(directory) : this.#withoutRecord(entries);
    const recorded = record === null ? undefined : checkRecord(record, entries, faults);
    await this.#checkEntries(directory, own, recorded);
    this.#checkVersion(entries, record);
    const status = record?.status ?? null;
    const { length } = entries;
    return verdict(faults, this.#bytes, {
      notes: this.#notes,
      record,
      status,
      version: this.#version,
      entries: length,
    });
  }

  async #readRecord(directory: ZipDirectory): Promise<BackupRecord | null> {
    const entry = directory.entries.find(({ path }) => path === RECORD_ENTRY)!;
    // Its header is checked with all others; here it only shows the way.
    const place = await checkLocalHeader(this.#window, entry, directory, true, new ImageFaults());
    try {
      if (place === undefined) throw new Error('it cannot be found');
      if (entry.bytes > MAX_TEXT_BYTES) throw new Error('it is too large');
      const { text } = await readContent(this.#window, entry, place.dataStart, entry.bytes, 'text');
      return parseBackupRecord(text!);
    } catch (error) {
      const message = messageOf(error);
      this.#faults.add('record', `it cannot be read: ${printable(message)}`, RECORD_ENTRY);
      return null;
    }
  }

  #withoutRecord(entries: readonly ZipDirectoryEntry[]): null {
    if (entries.length === 0) this.#faults.add('structure', 'there are no entries');
    if (entries.some(({ versionMadeBy }) => versionMadeBy === OWN_VERSION_MADE_BY)) {
      this.#faults.add('record', `the image was made by this package, but its ${RECORD_ENTRY} is missing`);
    } else {
      this.#notes.push(
        `There is no ${RECORD_ENTRY}, so this image was made by another program: its structure and CRC-32 were checked, ` +
          'but not SHA-256, outcomes and dumps.',
      );
    }
    return null;
  }

  async #checkEntries(
    directory: ZipDirectory,
    own: boolean,
    recorded: ReadonlyMap<string, RecordedEntry> | undefined,
  ): Promise<void> {
    const { signal, onProgress } = this.#options;
    const { entries } = directory;
    const faults = this.#faults;
    let position = 0;
    for (const [index, entry] of entries.entries()) {
      throwIfCancelled(signal, 'verify');
      if (entry.offset !== position) {
        faults.add('gap', 'it does not begin where the entry before it ends', entry.path);
      }
      const place = await checkLocalHeader(this.#window, entry, directory, own, faults);
      if (place === undefined) continue;
      const findings = await this.#readEntry(entry, place.dataStart, recorded?.get(entry.path), own);
      if (findings !== undefined) this.#checkOwnTexts(entry, findings, entries, own);
      const next = entries[index + 1]?.offset ?? directory.start;
      position = await checkDescriptor(this.#window, entry, place.dataEnd, next, own, faults);
      onProgress?.(position, this.#bytes);
    }
    if (position !== directory.start)
      faults.add('gap', 'there is something between the last entry and the directory');
    onProgress?.(this.#bytes, this.#bytes);
    if (own && entries.at(-1)?.path !== MANIFEST_ENTRY) {
      faults.add('manifest', `the last entry is not ${MANIFEST_ENTRY}: the image was not completed`);
    }
  }

  async #readEntry(
    entry: ZipDirectoryEntry,
    dataStart: number,
    recorded: RecordedEntry | undefined,
    own: boolean,
  ): Promise<ContentFindings | undefined> {
    const { path } = entry;
    const faults = this.#faults;
    const kind = kindOf(path, own);
    const expected = Math.min(recorded?.bytes ?? entry.bytes, kind === 'text' ? MAX_TEXT_BYTES : Infinity);
    let findings: ContentFindings;
    try {
      findings = await readContent(this.#window, entry, dataStart, expected, kind);
    } catch (error) {
      if (!(error instanceof ContentError)) throw error;
      faults.add('content', `its data is damaged: ${printable(error.message)}`, path);
      return undefined;
    }
    if (findings.bytes !== expected)
      faults.add('size', `it has ${findings.bytes} bytes, not ${expected}`, path);
    if (findings.crc32 !== entry.crc32) faults.add('crc', 'its content does not match its CRC-32', path);
    if (recorded !== undefined && findings.sha256 !== recorded.sha256) {
      faults.add('sha256', `its content does not match its SHA-256 in ${RECORD_ENTRY}`, path);
    }
    if (findings.gzipFault !== undefined)
      faults.add('gzip', `broken gzip: ${printable(findings.gzipFault)}`, path);
    if (findings.sqlFault !== undefined) faults.add('sql', `not a whole dump: ${findings.sqlFault}`, path);
    return findings;
  }

  #checkOwnTexts(
    { path }: ZipDirectoryEntry,
    { text }: ContentFindings,
    entries: readonly ZipDirectoryEntry[],
    own: boolean,
  ): void {
    if (text === undefined) return;
    if (path === VERSION_ENTRY) this.#version = own ? text : text.trim();
    if (path !== MANIFEST_ENTRY || !own) return;
    const listed = text.split('\n');
    const complete = listed.pop() === '';
    const names = entries.map((entry) => entry.path).slice(0, -1);
    const at = names.findIndex((name, index) => name !== listed[index]);
    if (at !== -1 || listed.length !== names.length || !complete) {
      const line = at === -1 ? Math.min(names.length, listed.length) : at;
      const message = `line ${line + 1} should be ${quoted(names[line])} and is ${quoted(listed[line])}`;
      this.#faults.add('manifest', message, MANIFEST_ENTRY);
    }
  }

  #checkVersion(entries: readonly ZipDirectoryEntry[], record: BackupRecord | null): void {
    const version = this.#version;
    if (!entries.some(({ path }) => path === VERSION_ENTRY)) {
      this.#faults.add('version', `there is no ${VERSION_ENTRY}: this image cannot be restored`);
    } else if (version === null) {
      // Its data is damaged, which was said.
    } else if (!/^[\x21-\x7e]{1,100}$/.test(version)) {
      this.#faults.add('version', 'it does not name a version', VERSION_ENTRY);
    } else if (record !== null && version !== record.gateway.version) {
      this.#faults.add('version', `it is not the version that ${RECORD_ENTRY} names`, VERSION_ENTRY);
    }
  }
}

function kindOf(path: string, own: boolean): ContentKind {
  if (path === VERSION_ENTRY || path === MANIFEST_ENTRY) return 'text';
  if (own && path === 'maindb/main_backup.sql') return 'sql';
  if (own && path === 'audits/audits.gz') return 'gzipped-sql';
  return 'bytes';
}
