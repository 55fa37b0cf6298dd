import type { ImageEntry } from '../image/image-entry.js';

/**
 * What a collector's entries will come to, by their expected sizes. Nothing is opened.
 *
 * @internal
 */
export async function estimateBytes(entries: AsyncIterable<ImageEntry>): Promise<number> {
  let bytes = 0;
  for await (const entry of entries) bytes += entry.bytes ?? 0;
  return bytes;
}
