import { pathFault } from './entry-path.js';
import type { FileWindow } from './file-window.js';
import { printable, type ImageFaults } from './image-fault.js';
import {
  FLAG_DESCRIPTOR,
  FLAG_ENCRYPTED,
  LOCAL_HEADER_BYTES,
  METHOD_DEFLATE,
  METHOD_STORED,
  ownDescriptor,
  ownDirectoryRecord,
  ownEnd,
  ownLocalHeader,
} from './zip-layout.js';
import type { ZipDirectory, ZipDirectoryEntry } from './zip-reader.js';

/** Deflate cannot do better than this. What claims more is a lie, or a bomb. */
const MAX_RATIO = 1032;

/**
 * Checks the directory by itself: names, kinds, sizes that are possible, and for an image of this package every byte of
 * it. An entry with an unsafe name or kind is still looked into afterwards.
 */
export async function checkDirectory(
  window: FileWindow,
  directory: ZipDirectory,
  fileBytes: number,
  own: boolean,
  faults: ImageFaults,
): Promise<void> {
  const names = new Set<string>();
  let position = directory.start;
  for (const entry of directory.entries) {
    checkEntry(entry, names, faults);
    const record = own ? ownDirectoryRecord(entry) : undefined;
    if (record !== undefined && !(await window.at(position, record.length)).equals(record)) {
      faults.add('header', 'its record in the directory is not as it was written', entry.path);
    }
    position += 46 + entry.rawName.length + entry.extra.length + entry.comment.length;
  }
  if (own) {
    const end = ownEnd(directory);
    const found = await window.at(directory.end, end.length + 1);
    if (!found.equals(end)) faults.add('structure', 'the end of the directory is not as it was written');
  } else if (
    directory.end + 22 > fileBytes ||
    !endSignatures.has((await window.at(directory.end, 4)).readUInt32LE(0))
  ) {
    faults.add('structure', 'the end of the directory is not where the directory ends');
  }
}

const endSignatures = new Set([0x06054b50, 0x06064b50]);

function checkEntry(entry: ZipDirectoryEntry, names: Set<string>, faults: ImageFaults): void {
  const { path, rawName, flags, method, externalAttributes } = entry;
  const fault = rawName.equals(Buffer.from(path)) ? pathFault(path) : 'not UTF-8';
  if (fault !== undefined) faults.add('name', `its name is not safe: ${fault}`, path);
  if (names.has(path)) faults.add('duplicate', 'its name appears twice', path);
  names.add(path);
  const type = (externalAttributes >>> 16) & 0o170000;
  if ((type !== 0 && type !== 0o100000) || (externalAttributes & 0x10) !== 0) {
    faults.add('kind', 'it is not a regular file', path);
  }
  if ((flags & FLAG_ENCRYPTED) !== 0) faults.add('kind', 'it is encrypted', path);
  if (method !== METHOD_DEFLATE && method !== METHOD_STORED) {
    faults.add('kind', `it is compressed by method ${method}, which restore does not know`, path);
  } else if (method === METHOD_STORED && (flags & FLAG_DESCRIPTOR) !== 0) {
    faults.add('kind', 'it is stored with its size behind it, which restore cannot read', path);
  } else if (method === METHOD_STORED && entry.bytes !== entry.compressedBytes) {
    faults.add('size', 'it is stored, but its two sizes differ', path);
  }
  if (method === METHOD_DEFLATE && entry.bytes > entry.compressedBytes * MAX_RATIO) {
    faults.add(
      'size',
      `${entry.compressedBytes} bytes cannot hold the ${entry.bytes} bytes that it claims`,
      path,
    );
  }
}

/** Where an entry's data stands, and where the entry ends. */
export interface EntryPlace {
  readonly dataStart: number;
  /** The byte behind the data. */
  readonly dataEnd: number;
}

/** Checks an entry's own header against the directory. `undefined`: its data cannot be found. */
export async function checkLocalHeader(
  window: FileWindow,
  entry: ZipDirectoryEntry,
  directory: ZipDirectory,
  own: boolean,
  faults: ImageFaults,
): Promise<EntryPlace | undefined> {
  const { path, offset, rawName } = entry;
  const header = await window.at(offset, LOCAL_HEADER_BYTES + rawName.length);
  if (
    offset >= directory.start ||
    header.length < LOCAL_HEADER_BYTES ||
    header.readUInt32LE(0) !== 0x04034b50
  ) {
    faults.add('header', 'there is no entry where the directory says', path);
    return undefined;
  }
  const nameBytes = header.readUInt16LE(26);
  const extraBytes = header.readUInt16LE(28);
  if (own ? !header.equals(ownLocalHeader(entry)) : !agrees(header, nameBytes, entry)) {
    faults.add('header', 'its own header does not agree with the directory', path);
  }
  const dataStart = offset + LOCAL_HEADER_BYTES + nameBytes + extraBytes;
  const dataEnd = dataStart + entry.compressedBytes;
  if (dataEnd <= directory.start) return { dataStart, dataEnd };
  faults.add('header', 'its data would reach into the directory', path);
  return undefined;
}

/** Checks what follows an entry's data. Returns where the next entry has to begin. */
export async function checkDescriptor(
  window: FileWindow,
  entry: ZipDirectoryEntry,
  dataEnd: number,
  nextStart: number,
  own: boolean,
  faults: ImageFaults,
): Promise<number> {
  if ((entry.flags & FLAG_DESCRIPTOR) === 0) return dataEnd;
  const expected = ownDescriptor(entry);
  const found = Buffer.from(await window.at(dataEnd, expected.length));
  if (found.equals(expected)) return dataEnd + expected.length;
  // Others may leave its signature out.
  const bare = expected.subarray(4);
  if (!own && dataEnd + bare.length === nextStart && found.subarray(0, bare.length).equals(bare))
    return nextStart;
  faults.add('header', 'the sizes behind its data do not agree with the directory', entry.path);
  return dataEnd + expected.length;
}

function agrees(header: Buffer, nameBytes: number, entry: ZipDirectoryEntry): boolean {
  const { flags, method, crc32, compressedBytes, bytes, rawName } = entry;
  if (header.readUInt16LE(6) !== flags || header.readUInt16LE(8) !== method) return false;
  if (nameBytes !== rawName.length) return false;
  if (!header.subarray(LOCAL_HEADER_BYTES, LOCAL_HEADER_BYTES + nameBytes).equals(rawName)) return false;
  if ((flags & FLAG_DESCRIPTOR) !== 0) return true;
  const small = (value: number, at: number): boolean => {
    const found = header.readUInt32LE(at);
    return found === value || found === 0xffffffff;
  };
  return header.readUInt32LE(14) === crc32 && small(compressedBytes, 18) && small(bytes, 22);
}

/** For messages: which entry stands at this place of the manifest. */
export function quoted(name: string | undefined): string {
  return name === undefined ? 'nothing' : `"${printable(name)}"`;
}
