import { createHash } from 'node:crypto';
import { crc32, inflateRawSync } from 'node:zlib';
import { messageOf } from '../support/message-of.js';
import type { FileWindow } from './file-window.js';
import { inflated, type InflateTally } from './inflated.js';
import { SqlFraming } from './sql-framing.js';
import { METHOD_STORED } from './zip-layout.js';
import type { ZipDirectoryEntry } from './zip-reader.js';

/** What reading an entry's content came to. */
export interface ContentFindings {
  readonly bytes: number;
  readonly crc32: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** The content itself, where it was asked for. */
  readonly text?: string | undefined;
  /** What is wrong with the dump inside, where it was looked into. */
  readonly sqlFault?: string | undefined;
  /** What is wrong with the gzip stream inside, where it was looked into. */
  readonly gzipFault?: string | undefined;
}

/** What is looked for inside an entry, beyond its bytes. */
export type ContentKind = 'bytes' | 'text' | 'sql' | 'gzipped-sql';

/** An entry's data cannot be decompressed as its headers say. */
export class ContentError extends Error {}

const SMALL_COMPRESSED_BYTES = 256 * 1024;
const SMALL_BYTES = 1024 * 1024;

/**
 * Reads an entry's data from `start` and decompresses it, never further than one byte beyond `expectedBytes`.
 *
 * @throws ContentError
 */
export async function readContent(
  window: FileWindow,
  entry: ZipDirectoryEntry,
  start: number,
  expectedBytes: number,
  kind: ContentKind,
): Promise<ContentFindings> {
  const small = entry.compressedBytes <= SMALL_COMPRESSED_BYTES && expectedBytes <= SMALL_BYTES;
  if (small && (kind === 'bytes' || kind === 'text')) {
    const content = inflateSmall(await window.at(start, entry.compressedBytes), entry, expectedBytes);
    return {
      bytes: content.length,
      crc32: crc32(content),
      sha256: createHash('sha256').update(content).digest('hex'),
      text: kind === 'text' ? content.toString('utf8') : undefined,
    };
  }
  if (kind !== 'gzipped-sql') return readStream(window, entry, start, expectedBytes, kind);
  const findings = await readGzipped(window, entry, start, expectedBytes);
  // The outer stream was left where the inner one broke: its own figures have to be had without.
  if (typeof findings !== 'string') return findings;
  return { ...(await readStream(window, entry, start, expectedBytes, 'bytes')), gzipFault: findings };
}

function inflateSmall(data: Buffer, entry: ZipDirectoryEntry, expectedBytes: number): Buffer {
  if (data.length < entry.compressedBytes) throw new ContentError('its data is cut off');
  if (entry.method === METHOD_STORED) return data;
  // One byte of room shows that there is more than expected, without unpacking all of it.
  const { buffer, engine } = attempt(() =>
    inflateRawSync(data, { info: true, maxOutputLength: expectedBytes + 1 }),
  ) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
  if (buffer.length > expectedBytes) throw new ContentError(`it holds more than ${expectedBytes} bytes`);
  if (engine.bytesWritten !== data.length) throw new ContentError('something follows the end of its data');
  return buffer;
}

async function readStream(
  window: FileWindow,
  entry: ZipDirectoryEntry,
  start: number,
  expectedBytes: number,
  kind: 'bytes' | 'text' | 'sql',
): Promise<ContentFindings> {
  const meter = new Meter();
  const sql = kind === 'sql' ? new SqlFraming() : undefined;
  const text: Buffer[] = [];
  for await (const content of unpacked(window, entry, start, expectedBytes, meter)) {
    sql?.update(content);
    if (kind === 'text') text.push(Buffer.from(content));
  }
  return {
    ...meter.findings(),
    text: kind === 'text' ? Buffer.concat(text).toString('utf8') : undefined,
    sqlFault: sql?.finish(),
  };
}

/** A string is the fault of the inner stream. */
async function readGzipped(
  window: FileWindow,
  entry: ZipDirectoryEntry,
  start: number,
  expectedBytes: number,
): Promise<ContentFindings | string> {
  const meter = new Meter();
  const sql = new SqlFraming();
  const tally: InflateTally = { bytes: 0, consumed: 0 };
  let outerError: Error | undefined;
  let outerEnded = false as boolean;
  const outer = async function* (): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* unpacked(window, entry, start, expectedBytes, meter);
      outerEnded = true;
    } catch (error) {
      outerError = error as Error;
      throw error;
    }
  };
  try {
    for await (const content of inflated(outer(), { format: 'gzip' }, tally)) sql.update(content);
  } catch (error) {
    if (outerError !== undefined) throw outerError;
    return messageOf(error);
  }
  if (!outerEnded || tally.consumed !== meter.bytes) return 'something follows its end';
  return { ...meter.findings(), sqlFault: sql.finish() };
}

async function* unpacked(
  window: FileWindow,
  entry: ZipDirectoryEntry,
  start: number,
  expectedBytes: number,
  meter: Meter,
): AsyncGenerator<Buffer, void, undefined> {
  const tally: InflateTally = { bytes: 0, consumed: 0 };
  const data = window.range(start, entry.compressedBytes);
  const contents =
    entry.method === METHOD_STORED ? data : inflated(data, { format: 'raw', maxBytes: expectedBytes }, tally);
  try {
    for await (const content of contents) {
      meter.update(content);
      yield content;
    }
  } catch (error) {
    throw new ContentError(messageOf(error), { cause: error });
  }
  if (entry.method !== METHOD_STORED && tally.consumed !== entry.compressedBytes) {
    throw new ContentError('something follows the end of its data');
  }
}

class Meter {
  readonly #hash = createHash('sha256');
  #crc32 = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  update(content: Buffer): void {
    this.#hash.update(content);
    this.#crc32 = crc32(content, this.#crc32);
    this.#bytes += content.length;
  }

  findings(): Pick<ContentFindings, 'bytes' | 'crc32' | 'sha256'> {
    return { bytes: this.#bytes, crc32: this.#crc32, sha256: this.#hash.digest('hex') };
  }
}

function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new ContentError(messageOf(error), { cause: error });
  }
}
