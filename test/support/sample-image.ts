import { createCipheriv, createHash } from 'node:crypto';
import { backupRecord, printBackupRecord, type RecordedComponent } from '#dist/image/backup-record.js';
import { gzipBlocks } from '#dist/image/gzip-blocks.js';
import {
  bytesEntry,
  ImageWriter,
  type ImageEntry,
  type ImageEntryRecord,
  type ImageSummary,
} from 'gateway-backup';

/** A moment at which all samples are made, so that they are the same at every run. */
export const sampleTime = new Date('2026-03-04T05:06:08Z');

/** A whole image as a run makes it: version, components, `backup.json`, `manifest.log`. */
export async function writeSampleImage(path: string): Promise<ImageSummary> {
  const contents = sampleContents();
  const writer = await ImageWriter.create(path, { startedAt: sampleTime });
  await writer.addOwn(bytesEntry('version', '9.4.00'));
  for (const [component, entries] of Object.entries(contents)) await writer.addAll(component, entries);
  await addSampleRecord(writer, Object.keys(contents));
  return writer.finish();
}

/** Adds the `backup.json` of what is in the image so far. */
export async function addSampleRecord(
  writer: Pick<ImageWriter, 'entries' | 'addOwn'>,
  components: readonly string[],
): Promise<void> {
  const record = backupRecord({
    generator: { name: 'gateway-backup', version: '0.1.0' },
    gateway: { version: '9.4.00', node: 'node1' },
    kind: 'standard',
    status: 'success',
    startedAt: sampleTime,
    endedAt: sampleTime,
    components: components.map((component) => summed(component, writer.entries)),
    warnings: [],
    entries: writer.entries,
  });
  await writer.addOwn(bytesEntry('backup.json', printBackupRecord(record)));
}

/** Every kind of entry there is, small. */
function sampleContents(): Readonly<Record<string, readonly ImageEntry[]>> {
  const sql = dump([
    "CREATE TABLE t (a int) COMMENT='it''s; fine';",
    // Large enough to be written as a stream, with its sizes behind it.
    ...Array.from({ length: 4 }, () => `INSERT INTO t VALUES (1),(2,'a\\'b\\n;${'x'.repeat(300_000)}');`),
  ]);
  const audits = dump([`INSERT INTO audit_main VALUES (0x${noise(3000).toString('hex')});`]);
  return {
    maindb: [
      bytesEntry('originallicenseobjectid.txt', noise(16), { placement: 'image' }),
      { path: 'main_backup.sql', open: () => chunked(sql, 50_000) },
      bytesEntry('my.cnf', '[mysqld]\n', { mode: 0o644, owner: { uid: 27, gid: 27 } }),
    ],
    audits: [
      {
        path: 'audits.gz',
        content: 'compressed',
        open: () => gzipBlocks(chunked(audits, 500), { blockBytes: 1000 }),
      },
    ],
    config: [
      bytesEntry('node.properties', 'node.db.config.main.host=localhost\n'.repeat(30), { mode: 0o640 }),
    ],
    ca: [bytesEntry('Ä–grün 文件.properties', ''), bytesEntry('assertion.jar', noise(2000))],
    ext: [
      bytesEntry('sub/sub2/library.jar', noise(700)),
      bytesEntry('old.txt', 'old', { modifiedAt: new Date('1955-11-05T06:00:00Z') }),
      bytesEntry('renamed', 'x', { originalName: Uint8Array.of(0xff, 0x41) }),
    ],
    esm: [],
  };
}

/** Bytes without pattern, the same at every run. */
export function noise(bytes: number, key = 'noise'): Buffer {
  const secret = createHash('md5').update(key).digest();
  return createCipheriv('aes-128-ctr', secret, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

/** A stream of a buffer in chunks. */
export async function* chunked(
  content: Uint8Array,
  bytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let from = 0; from < content.length; from += bytes) {
    yield content.subarray(from, from + bytes);
    await Promise.resolve();
  }
}

function dump(lines: readonly string[]): Buffer {
  return Buffer.from(['SET FOREIGN_KEY_CHECKS = 0;', ...lines, 'SET FOREIGN_KEY_CHECKS = 1;', ''].join('\n'));
}

function summed(component: string, entries: readonly ImageEntryRecord[]): RecordedComponent {
  const own = entries.filter((entry) => entry.component === component);
  const bytes = own.reduce((sum, entry) => sum + entry.bytes, 0);
  return { component, outcome: 'collected', entries: own.length, bytes };
}
