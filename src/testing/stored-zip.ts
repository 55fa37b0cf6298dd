import { crc32 } from 'node:zlib';

/**
 * A zip archive (a jar) made in memory, without compression and with a fixed time stamp. Enough for sample files; images
 * are written elsewhere.
 *
 * @internal
 */
export function storedZip(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files)) {
    const name = Buffer.from(path);
    const bytes = Buffer.from(content as Uint8Array);
    const common = commonFields(name, bytes);
    parts.push(Buffer.from('504b0304', 'hex'), common, name, bytes);
    // Version made by, then after the common fields: comment, disk, attributes, place of the local header.
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('504b01021400', 'hex'), common, place, name);
    offset += 4 + common.length + name.length + bytes.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('504b0506', 'hex');
  end.writeUInt16LE(directory.length / 4, 8);
  end.writeUInt16LE(directory.length / 4, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, list, end]);
}

/** The 26 bytes that a local header and a directory entry share. */
function commonFields(name: Buffer, bytes: Buffer): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  // 1 January 2024 as DOS keeps it: years since 1980, month, day.
  fields.writeUInt16LE((44 << 9) | (1 << 5) | 1, 8);
  fields.writeUInt32LE(crc32(bytes), 10);
  fields.writeUInt32LE(bytes.length, 14);
  fields.writeUInt32LE(bytes.length, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}
