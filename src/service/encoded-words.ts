/** An RFC 2047 encoded word: `=?charset?encoding?text?=`, with RFC 2231's language tag tolerated. */
const encodedWord = /=\?([A-Za-z0-9._+:-]{1,40})(?:\*[A-Za-z0-9-]*)?\?([BbQq])\?([!->@-~]*)\?=/g;

/**
 * A piece of a text with encoded words: literal characters, or what a word stands for.
 *
 * @internal
 */
export interface TextPiece {
  readonly text: string;
  readonly encoded: boolean;
}

/**
 * Splits a text into literal pieces and decoded words. White space between two words is dropped, as RFC 2047 says. A word
 * in an unknown character set, or with broken content, stays as it is written.
 *
 * @internal
 */
export function decodeWords(text: string): readonly TextPiece[] {
  const pieces: TextPiece[] = [];
  let from = 0;
  for (const match of text.matchAll(encodedWord)) {
    const decoded = decodeWord(match[1]!, match[2]!, match[3]!);
    if (decoded === undefined) continue;
    const between = text.slice(from, match.index);
    const joinsWords = pieces.at(-1)?.encoded === true && /^[ \t]*$/.test(between);
    if (between !== '' && !joinsWords) pieces.push({ text: between, encoded: false });
    pieces.push({ text: decoded, encoded: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), encoded: false });
  return pieces;
}

function decodeWord(charset: string, encoding: string, content: string): string | undefined {
  const bytes = encoding.toUpperCase() === 'B' ? fromBase64(content) : fromQ(content);
  return bytes === undefined ? undefined : decodeBytes(charset.toLowerCase(), bytes);
}

function fromBase64(content: string): Buffer | undefined {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(content) ? Buffer.from(content, 'base64') : undefined;
}

function fromQ(content: string): Buffer | undefined {
  if (/=(?![0-9A-Fa-f]{2})/.test(content)) return undefined;
  const text = content
    .replaceAll('_', ' ')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(text, 'latin1');
}

function decodeBytes(charset: string, bytes: Buffer): string | undefined {
  // TextDecoder takes these labels for windows-1252, which differs from them between 0x80 and 0x9f.
  if (charset === 'iso-8859-1' || charset === 'us-ascii') return bytes.toString('latin1');
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
