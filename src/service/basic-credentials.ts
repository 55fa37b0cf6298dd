import { Secret } from '../secrets/secret.js';
import { decodeWords, type TextPiece } from './encoded-words.js';

/** Longest header value and longest decoded part that are looked at. Hashing a password costs by its length. */
const maxHeaderLength = 8192;
const maxPartLength = 1024;

/**
 * The character set in which Basic credentials are read.
 *
 * @public
 */
export type CredentialsCharset = 'iso-8859-1' | 'utf-8';

/**
 * What an `Authorization` header says.
 *
 * @internal
 */
export type BasicCredentials =
  | { readonly kind: 'absent' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'present'; readonly login: string; readonly password: Secret };

/**
 * Reads Basic credentials. Never throws. Another scheme counts as absent, so that the answer is the challenge.
 *
 * @internal
 */
export function parseBasicCredentials(
  header: string | undefined,
  charset: CredentialsCharset,
): BasicCredentials {
  if (header === undefined) return { kind: 'absent' };
  const scheme = /^basic(?: +|$)/i.exec(header);
  if (scheme === null) return { kind: 'absent' };
  const token = header.slice(scheme[0].length).trimEnd();
  if (header.length > maxHeaderLength || !isBase64(token)) return { kind: 'malformed' };
  return splitCredentials(decodeBytes(Buffer.from(token, 'base64'), charset));
}

function isBase64(token: string): boolean {
  const length = token.replace(/=+$/, '').length;
  // Padding may be missing, but not be wrong; one left-over character is no byte.
  return (
    /^[A-Za-z0-9+/]+={0,2}$/.test(token) &&
    length % 4 !== 1 &&
    (token.length === length || token.length % 4 === 0)
  );
}

function decodeBytes(bytes: Buffer, charset: CredentialsCharset): string {
  if (charset === 'utf-8') {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      // A client that has not understood the announced character set sends what it always sent.
    }
  }
  return bytes.toString('latin1');
}

function splitCredentials(text: string): BasicCredentials {
  const pieces = decodeWords(text);
  const decoded = pieces.map((piece) => piece.text).join('');
  const colon = literalColon(pieces) ?? decoded.indexOf(':');
  if (colon === -1) return { kind: 'malformed' };
  const login = decoded.slice(0, colon);
  const password = decoded.slice(colon + 1);
  if (login.length > maxPartLength || password.length > maxPartLength) return { kind: 'malformed' };
  // RFC 7617 forbids control characters in both.

  if (/[\u0000-\u001f\u007f]/.test(decoded)) return { kind: 'malformed' };
  return { kind: 'present', login, password: new Secret(password) };
}

/** Position, in the decoded text, of the first colon outside an encoded word: the one that separates the two parts. */
function literalColon(pieces: readonly TextPiece[]): number | undefined {
  let offset = 0;
  for (const piece of pieces) {
    const colon = piece.encoded ? -1 : piece.text.indexOf(':');
    if (colon !== -1) return offset + colon;
    offset += piece.text.length;
  }
  return undefined;
}
