import type { ImageVerification, VerifyImageOptions } from './image-verification.js';

/**
 * Checks an image from its first byte to its last, in one pass and bounded memory, and names every fault: the zip's
 * structure, each entry's CRC-32, size and SHA-256, what is listed against what is there, the completeness of the dumps
 * inside. Writes nothing. An image of the product's own utility has no `backup.json`: what depends on it is left out, and
 * a note says so.
 *
 * @throws `CANCELLED`, and nothing else: a file that cannot be read is a fault, too
 * @example
 * ```ts
 * const { valid, faults } = await verifyImage('20261124093000_node1.zip');
 * for (const { code, entry, message } of faults) console.error(code, entry, message);
 * ```
 *
 * @public
 */
export async function verifyImage(
  file: string,
  options: VerifyImageOptions = {},
): Promise<ImageVerification> {
  // Loaded when it is needed, so that importing this package stays cheap.
  const { checkImage } = await import('./image-verification.js');
  return checkImage(file, options);
}
