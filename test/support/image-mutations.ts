import { gunzipSync, gzipSync } from 'node:zlib';
import type { ImageFaultCode } from 'gateway-backup';
import { buildZip, partContent, setContent, zipParts, type ZipPart } from './zip-surgery.js';

/** A way to spoil a good image so that it stays a consistent zip, and what `verifyImage` must call the fault. */
export interface Surgery {
  readonly name: string;
  readonly code: ImageFaultCode;
  operate(parts: ZipPart[]): void;
}

export const surgeries: readonly Surgery[] = [
  ...[
    '../evil',
    '/etc/passwd',
    'ext/../../evil',
    'ext\\evil',
    'ext/a\0b',
    'C:/evil',
    'ext//a',
    'a\nb',
    'ext/.',
  ].map((name): Surgery => ({
    name: `an entry is called ${JSON.stringify(name)}`,
    code: 'name',
    operate: (parts) => (find(parts, 'config/').name = Buffer.from(name)),
  })),
  {
    name: 'a name is not UTF-8',
    code: 'name',
    operate: (parts) => (find(parts, 'ext/renamed').name = Buffer.from('ext/\xff', 'latin1')),
  },
  {
    name: 'a name appears twice',
    code: 'duplicate',
    operate: (parts) => (find(parts, 'config/').name = find(parts, 'ext/renamed').name),
  },
  {
    name: 'an entry is a symbolic link',
    code: 'kind',
    operate: (parts) => (find(parts, 'ext/old').attributes = (0o120777 << 16) >>> 0),
  },
  {
    name: 'an entry is a folder',
    code: 'kind',
    operate: (parts) => (find(parts, 'ext/old').attributes = ((0o040700 << 16) | 0x10) >>> 0),
  },
  {
    name: 'an entry is a device',
    code: 'kind',
    operate: (parts) => (find(parts, 'ext/old').attributes = (0o060600 << 16) >>> 0),
  },
  {
    name: 'an entry is set-user-id',
    code: 'metadata',
    operate: (parts) => (find(parts, 'ext/old').attributes = (0o104755 << 16) >>> 0),
  },
  {
    name: 'an entry has another time',
    code: 'metadata',
    operate: (parts) => (find(parts, 'config/').unixTime += 1),
  },
  { name: 'an entry is encrypted', code: 'kind', operate: (parts) => (find(parts, 'config/').flags |= 1) },
  {
    name: 'an entry uses another method',
    code: 'kind',
    operate: (parts) => (find(parts, 'config/').method = 12),
  },
  {
    name: 'an entry is stored with its size behind it',
    code: 'kind',
    operate: (parts) => {
      const part = find(parts, 'config/');
      part.data = partContent(part);
      part.method = 0;
      part.flags |= 8;
    },
  },
  {
    name: 'a content is another one',
    code: 'sha256',
    operate: (parts) => {
      alter(find(parts, 'config/'), (text) => text.replace('localhost', 'otherhost'));
    },
  },
  {
    name: 'a content is longer',
    code: 'size',
    operate: (parts) => {
      alter(find(parts, 'config/'), (text) => `${text}x`);
    },
  },
  {
    name: 'a CRC-32 is another one',
    code: 'crc',
    operate: (parts) => (find(parts, 'ca/assertion').crc32 ^= 1),
  },
  {
    name: 'a size is another one',
    code: 'size',
    operate: (parts) => (find(parts, 'ca/assertion').bytes += 1),
  },
  {
    name: 'a size of data is another one',
    code: 'content',
    operate: (parts) =>
      (find(parts, 'ca/assertion').compressedBytes = find(parts, 'ca/assertion').data.length - 1),
  },
  {
    name: 'the two names differ',
    code: 'header',
    operate: (parts) => (find(parts, 'ext/old').local = { name: Buffer.from('ext/other.t') }),
  },
  {
    name: 'the two flags differ',
    code: 'header',
    operate: (parts) => (find(parts, 'ext/old').local = { flags: 0 }),
  },
  {
    name: 'the two CRC-32 differ',
    code: 'header',
    operate: (parts) => (find(parts, 'ext/old').local = { crc32: 7 }),
  },
  {
    name: 'the two sizes differ',
    code: 'header',
    operate: (parts) => (find(parts, 'ext/old').local = { bytes: 4 }),
  },
  {
    name: 'the sizes behind a stream differ',
    code: 'header',
    operate: (parts) => (find(parts, 'maindb/main').local = { bytes: 4 }),
  },
  {
    name: 'a bomb that tells its size',
    code: 'size',
    operate: (parts) => {
      setContent(find(parts, 'ext/old'), Buffer.alloc(30_000_000));
    },
  },
  {
    name: 'a bomb that lies about its size',
    code: 'content',
    operate: (parts) => {
      const part = find(parts, 'ext/old');
      setContent(part, Buffer.alloc(30_000_000));
      part.bytes = 3;
    },
  },
  {
    name: 'an impossible size',
    code: 'size',
    operate: (parts) => (find(parts, 'ext/old').bytes = 0xfffffff0),
  },
  {
    name: 'junk before the first entry',
    code: 'gap',
    operate: (parts) => (parts[0]!.before = Buffer.from('#!/bin/sh\n')),
  },
  {
    name: 'junk between entries',
    code: 'gap',
    operate: (parts) => (parts[3]!.before = Buffer.from('hidden')),
  },
  {
    name: 'junk behind the data of an entry',
    code: 'content',
    operate: (parts) =>
      (find(parts, 'config/').data = Buffer.concat([find(parts, 'config/').data, Buffer.from('hidden')])),
  },
  {
    name: 'an entry is missing',
    code: 'missing',
    operate: (parts) => {
      remove(parts, 'ca/assertion');
    },
  },
  {
    name: 'an entry is missing, from the manifest too',
    code: 'missing',
    operate: (parts) => {
      remove(parts, 'ca/assertion');
      relist(parts);
    },
  },
  {
    name: 'an entry too many',
    code: 'unlisted',
    operate: (parts) => {
      parts.splice(2, 0, { ...parts[1]!, name: Buffer.from('ext/extra') });
      relist(parts);
    },
  },
  {
    name: 'two entries changed places',
    code: 'record',
    operate: (parts) => {
      swap(parts, 1, 4);
      relist(parts);
    },
  },
  {
    name: 'two entries changed places, but not in the manifest',
    code: 'manifest',
    operate: (parts) => {
      swap(parts, 1, 4);
    },
  },
  {
    name: 'backup.json is missing',
    code: 'record',
    operate: (parts) => {
      remove(parts, 'backup.json');
      relist(parts);
    },
  },
  {
    name: 'backup.json is not JSON',
    code: 'record',
    operate: (parts) => {
      setContent(find(parts, 'backup.json'), Buffer.from('{'));
    },
  },
  {
    name: 'backup.json has another format',
    code: 'record',
    operate: (parts) => {
      alter(find(parts, 'backup.json'), (text) => text.replace('"formatVersion": 1', '"formatVersion": 99'));
    },
  },
  {
    name: 'backup.json calls a collected component failed',
    code: 'components',
    operate: (parts) => {
      alter(find(parts, 'backup.json'), (text) =>
        text.replace('"component":"ca","outcome":"collected"', '"component":"ca","outcome":"failed"'),
      );
    },
  },
  {
    name: 'backup.json does not know a component',
    code: 'components',
    operate: (parts) => {
      alter(find(parts, 'backup.json'), (text) =>
        text.replace('"component":"ca","outcome"', '"component":"cb","outcome"'),
      );
    },
  },
  {
    name: 'backup.json names another version',
    code: 'version',
    operate: (parts) => {
      alter(find(parts, 'backup.json'), (text) => text.replace('"version":"9.4.00"', '"version":"9.4.01"'));
    },
  },
  {
    name: 'the manifest is missing',
    code: 'manifest',
    operate: (parts) => {
      remove(parts, 'manifest.log');
    },
  },
  {
    name: 'the manifest is not the last entry',
    code: 'manifest',
    operate: (parts) => {
      swap(parts, parts.length - 1, parts.length - 2);
    },
  },
  {
    name: 'the manifest lacks a line',
    code: 'manifest',
    operate: (parts) => {
      alter(find(parts, 'manifest.log'), (text) => text.replace('version\n', ''));
    },
  },
  {
    name: 'the manifest lacks its last newline',
    code: 'manifest',
    operate: (parts) => {
      alter(find(parts, 'manifest.log'), (text) => text.slice(0, -1));
    },
  },
  {
    name: 'the manifest has a line too many',
    code: 'manifest',
    operate: (parts) => {
      alter(find(parts, 'manifest.log'), (text) => `${text}x\n`);
    },
  },
  {
    name: 'the version is missing',
    code: 'version',
    operate: (parts) => {
      remove(parts, 'version');
    },
  },
  {
    name: 'the version is empty',
    code: 'version',
    operate: (parts) => {
      setContent(find(parts, 'version'), Buffer.alloc(0));
    },
  },
  {
    name: 'a dump is cut off at a line',
    code: 'sql',
    operate: (parts) => {
      alter(find(parts, 'maindb/main'), (text) => text.slice(0, text.lastIndexOf('SET FOR')));
    },
  },
  {
    name: 'a dump is cut off in a line',
    code: 'sql',
    operate: (parts) => {
      alter(find(parts, 'maindb/main'), (text) => text.slice(0, -100));
    },
  },
  {
    name: 'a dump has another statement',
    code: 'sql',
    operate: (parts) => {
      alter(find(parts, 'maindb/main'), (text) => text.replace('CREATE TABLE', 'GRANT ALL ON'));
    },
  },
  {
    name: 'a dump has an open quote',
    code: 'sql',
    operate: (parts) => {
      alter(find(parts, 'maindb/main'), (text) => text.replace("'it''s", "'it's"));
    },
  },
  {
    name: 'a dump has an empty line',
    code: 'sql',
    operate: (parts) => {
      alter(find(parts, 'maindb/main'), (text) => text.replace("fine';\n", "fin';\n\n"));
    },
  },
  {
    name: 'a dump has a line without its end',
    code: 'sql',
    operate: (parts) => {
      alter(find(parts, 'maindb/main'), (text) => text.replace(';\nINSERT', '\nINSERT'));
    },
  },
  {
    name: 'a dump is empty',
    code: 'sql',
    operate: (parts) => {
      setContent(find(parts, 'maindb/main'), Buffer.alloc(0));
    },
  },
  {
    name: 'the audits are cut off',
    code: 'gzip',
    operate: (parts) => {
      const part = find(parts, 'audits/');
      setContent(part, partContent(part).subarray(0, -9));
    },
  },
  {
    name: 'the audits have a wrong trailer',
    code: 'gzip',
    operate: (parts) => {
      const part = find(parts, 'audits/');
      const content = Buffer.from(partContent(part));
      content[content.length - 6]! ^= 1;
      setContent(part, content);
    },
  },
  {
    name: 'the audits have junk behind them',
    code: 'gzip',
    operate: (parts) => {
      const part = find(parts, 'audits/');
      const content = partContent(part);
      const shorter = gzipSync(gunzipSync(content).subarray(0, 2000));
      setContent(part, Buffer.concat([shorter, Buffer.alloc(content.length - shorter.length)]));
    },
  },
  {
    name: 'the dump in the audits is cut off',
    code: 'sql',
    operate: (parts) => {
      const part = find(parts, 'audits/');
      setContent(part, gzipSync(gunzipSync(partContent(part)).subarray(0, -10)));
    },
  },
  {
    name: 'the audits are not gzip',
    code: 'gzip',
    operate: (parts) => {
      setContent(find(parts, 'audits/'), Buffer.from('SET FOREIGN_KEY_CHECKS = 0;\n'));
    },
  },
];

/** The image after an operation. */
export function operated(image: Buffer, surgery: Surgery): Buffer {
  const parts = zipParts(image);
  surgery.operate(parts);
  return buildZip(parts);
}

/** A way to spoil the bytes of an image at random. */
export type Damage = (image: Buffer, random: (below: number) => number) => Buffer;

export const damages: Readonly<Record<string, Damage>> = {
  'a bit flipped anywhere': (image, random) => flipped(image, random(image.length), random(8)),
  'a bit flipped in the directory': (image, random) => {
    const start = directoryStart(image);
    return flipped(image, start + random(image.length - start), random(8));
  },
  'a bit flipped in a header': (image, random) => {
    const offset = offsets(image)[random(offsets(image).length)]!;
    return flipped(image, offset + random(40), random(8));
  },
  'a byte replaced': (image, random) => {
    const copy = Buffer.from(image);
    copy[random(copy.length)] = random(256);
    return copy;
  },
  'cut short': (image, random) => image.subarray(0, random(image.length)),
  'junk appended': (image, random) => Buffer.concat([image, Buffer.alloc(1 + random(100), random(256))]),
  'junk inserted': (image, random) => {
    const at = random(image.length);
    return Buffer.concat([
      image.subarray(0, at),
      Buffer.alloc(1 + random(20), random(256)),
      image.subarray(at),
    ]);
  },
  'a range removed': (image, random) => {
    const at = random(image.length);
    return Buffer.concat([image.subarray(0, at), image.subarray(at + 1 + random(200))]);
  },
  'a range zeroed': (image, random) => {
    const at = random(image.length);
    return Buffer.from(image).fill(0, at, Math.min(image.length, at + 1 + random(200)));
  },
  'a range copied elsewhere': (image, random) => {
    const copy = Buffer.from(image);
    const from = random(image.length);
    copy.copy(copy, random(image.length), from, from + 1 + random(100));
    return copy;
  },
  'a number of the directory set': (image, random) => {
    const copy = Buffer.from(image);
    const at = directoryStart(image) + random(copy.length - directoryStart(image) - 4);
    copy.writeUInt32LE([0, 1, 0xffffffff, 0x7fffffff, 0xffff, random(2 ** 31)][random(6)]!, at);
    return copy;
  },
};

function find(parts: readonly ZipPart[], prefix: string): ZipPart {
  return parts.find(({ name }) => name.toString().startsWith(prefix))!;
}

function remove(parts: ZipPart[], prefix: string): void {
  parts.splice(parts.indexOf(find(parts, prefix)), 1);
}

function swap(parts: ZipPart[], a: number, b: number): void {
  [parts[a], parts[b]] = [parts[b]!, parts[a]!];
}

function alter(part: ZipPart, change: (text: string) => string): void {
  const before = partContent(part).toString();
  const after = change(before);
  if (after === before) throw new Error('nothing was altered');
  setContent(part, Buffer.from(after));
}

/** Writes the manifest anew. */
function relist(parts: readonly ZipPart[]): void {
  const names = parts.slice(0, -1).map(({ name }) => `${name.toString()}\n`);
  setContent(parts.at(-1)!, Buffer.from(names.join('')));
}

function flipped(image: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(image);
  copy[Math.min(at, copy.length - 1)]! ^= 1 << bit;
  return copy;
}

function directoryStart(image: Buffer): number {
  return image.readUInt32LE(image.length - 6);
}

function offsets(image: Buffer): number[] {
  const found: number[] = [];
  for (let at = directoryStart(image); at < image.length - 22;) {
    found.push(image.readUInt32LE(at + 42));
    at += 46 + image.readUInt16LE(at + 28) + image.readUInt16LE(at + 30);
  }
  return found;
}
