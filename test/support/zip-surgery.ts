import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

/** One entry of a zip, taken apart. Change what you like and put it together again with {@link buildZip}. */
export interface ZipPart {
  name: Buffer;
  flags: number;
  method: number;
  dosTime: number;
  dosDate: number;
  crc32: number;
  bytes: number;
  /** Compressed. */
  data: Buffer;
  attributes: number;
  unixTime: number;
  /** Only where the two headers are to disagree: what the entry's own header says. */
  local?: Partial<Pick<ZipPart, 'name' | 'flags' | 'method' | 'crc32' | 'bytes' | 'dosTime'>>;
  /** Only to lie: what the directory says of the size of the data. */
  compressedBytes?: number;
  /** Bytes that belong to nobody, before this entry. */
  before?: Buffer;
}

/** Takes an image of ours apart, by its directory. */
export function zipParts(file: Buffer): ZipPart[] {
  const end = file.lastIndexOf(Buffer.from('504b0506', 'hex'));
  const parts: ZipPart[] = [];
  let at = file.readUInt32LE(end + 16);
  for (let left = file.readUInt16LE(end + 10); left > 0; left--) {
    const nameBytes = file.readUInt16LE(at + 28);
    const extraBytes = file.readUInt16LE(at + 30);
    const offset = file.readUInt32LE(at + 42);
    const start = offset + 30 + file.readUInt16LE(offset + 26) + file.readUInt16LE(offset + 28);
    parts.push({
      name: file.subarray(at + 46, at + 46 + nameBytes),
      flags: file.readUInt16LE(at + 8),
      method: file.readUInt16LE(at + 10),
      dosTime: file.readUInt16LE(at + 12),
      dosDate: file.readUInt16LE(at + 14),
      crc32: file.readUInt32LE(at + 16),
      bytes: file.readUInt32LE(at + 24),
      data: file.subarray(start, start + file.readUInt32LE(at + 20)),
      attributes: file.readUInt32LE(at + 38),
      unixTime: file.readInt32LE(at + 46 + nameBytes + 5),
    });
    at += 46 + nameBytes + extraBytes + file.readUInt16LE(at + 32);
  }
  return parts;
}

/** Puts a zip together in the layout of an image of ours. */
export function buildZip(parts: readonly ZipPart[]): Buffer {
  const out: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  const put = (piece: Buffer): void => {
    out.push(piece);
    offset += piece.length;
  };
  for (const part of parts) {
    if (part.before !== undefined) put(part.before);
    directory.push(directoryRecord(part, offset));
    const local = { ...part, ...part.local };
    const known = (local.flags & 8) === 0;
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(20, 4);
    header.writeUInt16LE(local.flags, 6);
    header.writeUInt16LE(local.method, 8);
    header.writeUInt16LE(local.dosTime, 10);
    header.writeUInt16LE(local.dosDate, 12);
    header.writeUInt32LE(known ? local.crc32 : 0, 14);
    header.writeUInt32LE(known ? (part.compressedBytes ?? part.data.length) : 0, 18);
    header.writeUInt32LE(known ? local.bytes : 0, 22);
    header.writeUInt16LE(local.name.length, 26);
    put(header);
    put(local.name);
    put(part.data);
    if (!known) {
      const descriptor = Buffer.alloc(16);
      descriptor.writeUInt32LE(0x08074b50, 0);
      descriptor.writeUInt32LE(local.crc32, 4);
      descriptor.writeUInt32LE(part.compressedBytes ?? part.data.length, 8);
      descriptor.writeUInt32LE(local.bytes, 12);
      put(descriptor);
    }
  }
  const start = offset;
  directory.forEach(put);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(offset - start, 12);
  end.writeUInt32LE(start, 16);
  put(end);
  return Buffer.concat(out);
}

/** The content of a part. */
export function partContent(part: ZipPart): Buffer {
  return part.method === 0 ? part.data : inflateRawSync(part.data);
}

/** Gives a part another content, with everything that depends on it. */
export function setContent(part: ZipPart, content: Uint8Array): void {
  part.data = deflateRawSync(content);
  part.method = 8;
  part.bytes = content.length;
  part.crc32 = crc32(content);
}

function directoryRecord(part: ZipPart, offset: number): Buffer {
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(0x033f, 4);
  record.writeUInt16LE(20, 6);
  record.writeUInt16LE(part.flags, 8);
  record.writeUInt16LE(part.method, 10);
  record.writeUInt16LE(part.dosTime, 12);
  record.writeUInt16LE(part.dosDate, 14);
  record.writeUInt32LE(part.crc32, 16);
  record.writeUInt32LE(part.compressedBytes ?? part.data.length, 20);
  record.writeUInt32LE(part.bytes, 24);
  record.writeUInt16LE(part.name.length, 28);
  record.writeUInt16LE(9, 30);
  record.writeUInt32LE(part.attributes, 38);
  record.writeUInt32LE(offset, 42);
  const time = Buffer.from([0x55, 0x54, 5, 0, 3, 0, 0, 0, 0]);
  time.writeInt32LE(part.unixTime, 5);
  return Buffer.concat([record, part.name, time]);
}
