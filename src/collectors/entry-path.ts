import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';

/**
 * A path as it may stand in an image.
 *
 * @internal
 */
export interface EntryPath {
  /** Safe, and different for every different original. */
  readonly path: string;
  /** The bytes as found, when `path` is not simply their text. */
  readonly originalName: Buffer | undefined;
}

/**
 * Turns the bytes of a relative path with `/` separators into a path for an image.
 *
 * A name stays as it is wherever that is safe, for a restore takes names literally. Only control characters,
 * backslashes, the colon of a drive's name and bytes that are not UTF-8 become `%XX`, and a `%` that could then be mistaken for one of those becomes
 * `%25`. A name that grows beyond what a file system takes is cut and ends in a digest of the original.
 *
 * @internal
 */
export function entryPath(original: Buffer): EntryPath {
  const text = original.toString('latin1');
  if (plain.test(text)) return { path: text, originalName: undefined };
  const path = splitPath(original)
    .map((segment) => safeName(segment))
    .join('/')
    .replace(driveName, '$1%3A');
  return { path, originalName: original.equals(Buffer.from(path)) ? undefined : original };
}

/**
 * A path for people: one line, whatever its bytes are.
 *
 * @internal
 */
export function printablePath(path: Buffer): string {
  return entryPath(path).path;
}

// ASCII without controls, backslash and percent sign: nearly every path there is.
const plain = /^(?![A-Za-z]:)[\x20-\x24\x26-\x5b\x5d-\x7e]*$/;
// What safeName writes itself, and so must not let pass when it is somebody's own text.
const ambiguous = /%(?=[01][0-9A-F]|25|3A|5C|7F|[89A-F][0-9A-F])/g;
// C0, DEL, C1, the backslash, and Unicode's own ends of lines.
const unsafe = /[\x00-\x1f\x5c\x7f-\x9f\u2028\u2029]/g;
const driveName = /^([A-Za-z]):/;
const maximumNameBytes = 255;

function splitPath(path: Buffer): Buffer[] {
  const segments: Buffer[] = [];
  let start = 0;
  for (let slash = path.indexOf(0x2f); slash !== -1; slash = path.indexOf(0x2f, start)) {
    segments.push(path.subarray(start, slash));
    start = slash + 1;
  }
  segments.push(path.subarray(start));
  return segments;
}

function safeName(name: Buffer): string {
  const safe = isUtf8(name)
    ? name.toString('utf8').replace(ambiguous, '%25').replace(unsafe, percentEncoded)
    : encodeBytes(name);
  if (Buffer.byteLength(safe) <= maximumNameBytes) return safe;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
  return `${cutAtCharacter(safe, maximumNameBytes - digest.length - 1)}~${digest}`;
}

// Parts of such a name may well be UTF-8, but nobody can say which, so every byte above ASCII is encoded.
function encodeBytes(name: Buffer): string {
  return name
    .toString('latin1')
    .replace(ambiguous, '%25')
    .replace(/[\x80-\xff]/g, (byte) => hexByte(byte.charCodeAt(0)))
    .replace(unsafe, percentEncoded);
}

function percentEncoded(character: string): string {
  return Array.from(Buffer.from(character), hexByte).join('');
}

function hexByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function cutAtCharacter(text: string, bytes: number): string {
  let cut = Buffer.from(text).subarray(0, bytes);
  while (!isUtf8(cut)) cut = cut.subarray(0, -1);
  // Not in the middle of an encoded byte either.
  return cut.toString('utf8').replace(/%[0-9A-F]?$/, '');
}
