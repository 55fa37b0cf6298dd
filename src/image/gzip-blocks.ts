import { BlockDeflater, type BlockDeflaterOptions } from './deflate-blocks.js';

/** No name, no time, no extra: the same content gives the same bytes. 0x03: made on Unix. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03);

/** Content as one gzip member, compressed on all cores. Leaving the loop early closes the source. */
export async function* gzipBlocks(
  source: AsyncIterable<Uint8Array>,
  options: BlockDeflaterOptions = {},
): AsyncGenerator<Buffer, void, undefined> {
  yield Buffer.from(HEADER);
  const deflater = new BlockDeflater(source, options);
  yield* deflater;
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(deflater.crc32, 0);
  // gzip keeps the size modulo 2^32.
  trailer.writeUInt32LE(deflater.bytes % 0x1_0000_0000, 4);
  yield trailer;
}
