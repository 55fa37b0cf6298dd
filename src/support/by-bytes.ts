/** The order of texts by their bytes in UTF-8, which is that of a file system and of no language. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
