/** The longest content of one stored block of a deflate stream. */
const MAX_STORED_BYTES = 0xffff;

/** The empty final block that closes a deflate stream on a byte boundary. */
export const FINAL_BLOCK: Uint8Array = Uint8Array.of(0x03, 0x00);

/** Bytes that {@link storedPieces} adds to content of this size. */
export function storedOverhead(bytes: number): number {
  return 5 * Math.max(1, Math.ceil(bytes / MAX_STORED_BYTES));
}

/**
 * Content framed as stored blocks of a raw deflate stream, as views of the content between headers; nothing is copied.
 * With `final` the last block closes the stream. Needs a byte boundary before it and leaves one behind.
 */
export function storedPieces(content: Uint8Array, final: boolean): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let from = 0;
  do {
    const to = Math.min(from + MAX_STORED_BYTES, content.length);
    const bytes = to - from;
    const last = final && to === content.length;
    pieces.push(
      Uint8Array.of(last ? 1 : 0, bytes & 0xff, bytes >> 8, ~bytes & 0xff, (~bytes >> 8) & 0xff),
      content.subarray(from, to),
    );
    from = to;
  } while (from < content.length);
  return pieces;
}

/** {@link storedPieces}, not final, copied into one buffer that is independent of the content. */
export function storedCopy(content: Uint8Array): Buffer {
  return Buffer.concat(storedPieces(content, false));
}
