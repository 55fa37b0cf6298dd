import type { ImageEntry } from './image-entry.js';
import { EntryNames } from './entry-path.js';
import type { ImageEntryRecord } from './image-records.js';
import type { PreparedContent } from './prepare-content.js';
import type * as Yazl from './yazl-zip.js';

/** An entry that is to be written, and its name in the image. */
export interface Target {
  readonly name: string;
  readonly component: string;
  readonly entry: ImageEntry;
}

/** What the content of a written entry came to. */
export type WrittenContent = Pick<PreparedContent, 'bytes' | 'compressedBytes' | 'crc32' | 'sha256'>;

/**
 * The entries of an image so far: their names, what is recorded of them, and their zip headers, which yazl lays out.
 */
export class ImageDirectory {
  readonly names = new EntryNames();
  readonly #yazl: typeof Yazl;
  readonly #zip: Yazl.YazlZip;
  readonly #startedAt: Date;
  readonly #zipEntries: Yazl.YazlEntry[] = [];
  readonly #records: ImageEntryRecord[] = [];

  /** @param startedAt - Time of entries that have none of their own. */
  constructor(yazl: typeof Yazl, startedAt: Date) {
    this.#yazl = yazl;
    this.#zip = yazl.newZip();
    this.#startedAt = startedAt;
  }

  get records(): readonly ImageEntryRecord[] {
    return this.#records;
  }

  /** Header of an entry whose content is known, so that no descriptor has to follow its data. */
  headerOf(target: Target, content: WrittenContent): { header: Buffer; zipEntry: Yazl.YazlEntry } {
    const zipEntry = this.#newEntry(target);
    const { crc32, bytes, compressedBytes } = content;
    Object.assign(zipEntry, {
      crcAndFileSizeKnown: true,
      crc32,
      uncompressedSize: bytes,
      compressedSize: compressedBytes,
    });
    return { header: zipEntry.getLocalFileHeader(), zipEntry };
  }

  /** Header of an entry whose size shows only when all of it was read. */
  openHeaderOf(target: Target): { header: Buffer; zipEntry: Yazl.YazlEntry } {
    const zipEntry = this.#newEntry(target);
    return { header: zipEntry.getLocalFileHeader(), zipEntry };
  }

  /**
   * What follows the data of an entry with an open header. Asked for while its offset is unknown, so that only the sizes
   * decide between the two forms of the descriptor: that is how Java's streaming reader, which knows no offsets, tells
   * them apart.
   */
  descriptorOf(zipEntry: Yazl.YazlEntry, { crc32, bytes, compressedBytes }: WrittenContent): Buffer {
    Object.assign(zipEntry, { crc32, uncompressedSize: bytes, compressedSize: compressedBytes });
    return zipEntry.getDataDescriptor();
  }

  /** Records an entry that was written at this offset. */
  complete(
    { name, component, entry }: Target,
    zipEntry: Yazl.YazlEntry,
    offset: number,
    content: WrittenContent,
  ): ImageEntryRecord {
    zipEntry.relativeOffsetOfLocalHeader = offset;
    zipEntry.state = this.#yazl.YAZL_DONE;
    this.#zipEntries.push(zipEntry);
    const { bytes, compressedBytes, crc32, sha256 } = content;
    const { owner, originalName } = entry;
    const mode = permissions(entry);
    const modifiedAt = this.#modifiedAt(entry);
    const record = {
      path: name,
      component,
      bytes,
      compressedBytes,
      crc32,
      sha256,
      mode,
      owner,
      modifiedAt,
      originalName,
    };
    this.#records.push(record);
    return record;
  }

  /** Forgets all entries but the first ones. */
  cutBack(entries: number): void {
    this.#records.length = entries;
    this.#zipEntries.length = entries;
    this.forgetUnwritten();
  }

  /** Frees the names of entries that were begun and not completed. */
  forgetUnwritten(): void {
    this.names.reset(this.#records.map((record) => record.path));
  }

  /** The central directory and the end of the zip, for a file of this length. */
  bytes(offset: number): AsyncIterable<Buffer> {
    return this.#yazl.zipDirectory(this.#zip, this.#zipEntries, offset);
  }

  #newEntry({ name, entry }: Target): Yazl.YazlEntry {
    // A zip cannot carry times before 1970, and yazl breaks on them.
    const mtime = new Date(Math.max(0, this.#modifiedAt(entry).getTime()));
    return this.#yazl.newZipEntry(this.#zip, name, mtime, permissions(entry));
  }

  #modifiedAt({ modifiedAt }: ImageEntry): Date {
    return modifiedAt === undefined || Number.isNaN(modifiedAt.getTime()) ? this.#startedAt : modifiedAt;
  }
}

function permissions(entry: ImageEntry): number {
  return (entry.mode ?? 0o600) & 0o7777;
}
