import type { ZipDirectory, ZipDirectoryEntry } from './zip-reader.js';

export const METHOD_STORED = 0;
export const METHOD_DEFLATE = 8;
export const FLAG_ENCRYPTED = 0x0001;
export const FLAG_DESCRIPTOR = 0x0008;
export const FLAG_UTF8 = 0x0800;
export const LOCAL_HEADER_BYTES = 30;
/** What the writer's library says it is: the format's version 6.3 on Unix. */
export const OWN_VERSION_MADE_BY = 0x033f;

const MAX_32 = 0xffffffff;

/** The bytes that the writer puts before an entry's data, from what the directory says of it. */
export function ownLocalHeader(entry: ZipDirectoryEntry): Buffer {
  const known = (entry.flags & FLAG_DESCRIPTOR) === 0;
  const header = Buffer.alloc(LOCAL_HEADER_BYTES);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(entry.flags, 6);
  header.writeUInt16LE(entry.method, 8);
  header.writeUInt16LE(entry.dosTime, 10);
  header.writeUInt16LE(entry.dosDate, 12);
  if (known) {
    header.writeUInt32LE(entry.crc32, 14);
    header.writeUInt32LE(Math.min(entry.compressedBytes, MAX_32), 18);
    header.writeUInt32LE(Math.min(entry.bytes, MAX_32), 22);
  }
  header.writeUInt16LE(entry.rawName.length, 26);
  return Buffer.concat([header, entry.rawName]);
}

/** The bytes that the writer puts behind an entry's data. */
export function ownDescriptor(entry: ZipDirectoryEntry): Buffer {
  if ((entry.flags & FLAG_DESCRIPTOR) === 0) return Buffer.alloc(0);
  const large = entry.bytes >= MAX_32 || entry.compressedBytes >= MAX_32;
  const descriptor = Buffer.alloc(large ? 24 : 16);
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(entry.crc32, 4);
  if (large) {
    descriptor.writeBigUInt64LE(BigInt(entry.compressedBytes), 8);
    descriptor.writeBigUInt64LE(BigInt(entry.bytes), 16);
  } else {
    descriptor.writeUInt32LE(entry.compressedBytes, 8);
    descriptor.writeUInt32LE(entry.bytes, 12);
  }
  return descriptor;
}

/** The record that the writer puts into the directory; mode and time are taken from the entry itself. */
export function ownDirectoryRecord(entry: ZipDirectoryEntry): Buffer {
  const large = entry.bytes >= MAX_32 || entry.compressedBytes >= MAX_32 || entry.offset >= MAX_32;
  const time = Buffer.alloc(9);
  time.writeUInt16LE(0x5455, 0);
  time.writeUInt16LE(5, 2);
  time.writeUInt8(3, 4);
  time.writeInt32LE((unixTimeOf(entry) ?? 0) | 0, 5);
  const sizes = Buffer.alloc(large ? 28 : 0);
  if (large) {
    sizes.writeUInt16LE(1, 0);
    sizes.writeUInt16LE(24, 2);
    sizes.writeBigUInt64LE(BigInt(entry.bytes), 4);
    sizes.writeBigUInt64LE(BigInt(entry.compressedBytes), 12);
    sizes.writeBigUInt64LE(BigInt(entry.offset), 20);
  }
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(OWN_VERSION_MADE_BY, 4);
  record.writeUInt16LE(large ? 45 : 20, 6);
  record.writeUInt16LE(FLAG_UTF8 | (entry.flags & FLAG_DESCRIPTOR), 8);
  record.writeUInt16LE(METHOD_DEFLATE, 10);
  record.writeUInt16LE(entry.dosTime, 12);
  record.writeUInt16LE(entry.dosDate, 14);
  record.writeUInt32LE(entry.crc32, 16);
  record.writeUInt32LE(large ? MAX_32 : entry.compressedBytes, 20);
  record.writeUInt32LE(large ? MAX_32 : entry.bytes, 24);
  record.writeUInt16LE(entry.rawName.length, 28);
  record.writeUInt16LE(time.length + sizes.length, 30);
  record.writeUInt32LE(entry.externalAttributes, 38);
  record.writeUInt32LE(large ? MAX_32 : entry.offset, 42);
  return Buffer.concat([record, entry.rawName, time, sizes]);
}

/** The end records that the writer puts behind the directory. */
export function ownEnd(directory: ZipDirectory): Buffer {
  const { start, end, entries } = directory;
  const bytes = end - start;
  const large = entries.length >= 0xffff || bytes >= MAX_32 || start >= MAX_32;
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(Math.min(entries.length, 0xffff), 8);
  record.writeUInt16LE(Math.min(entries.length, 0xffff), 10);
  record.writeUInt32LE(Math.min(bytes, MAX_32), 12);
  record.writeUInt32LE(Math.min(start, MAX_32), 16);
  if (!large) return record;
  const large64 = Buffer.alloc(56);
  large64.writeUInt32LE(0x06064b50, 0);
  large64.writeBigUInt64LE(44n, 4);
  large64.writeUInt16LE(OWN_VERSION_MADE_BY, 12);
  large64.writeUInt16LE(45, 14);
  large64.writeBigUInt64LE(BigInt(entries.length), 24);
  large64.writeBigUInt64LE(BigInt(entries.length), 32);
  large64.writeBigUInt64LE(BigInt(bytes), 40);
  large64.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(end), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([large64, locator, record]);
}

/** The time of an entry in seconds since 1970, from its first extra field; `undefined` when there is none. */
export function unixTimeOf(entry: ZipDirectoryEntry): number | undefined {
  const { extra } = entry;
  if (extra.length < 9 || extra.readUInt16LE(0) !== 0x5455) return undefined;
  return extra.readInt32LE(5);
}
