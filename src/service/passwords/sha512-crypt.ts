import { createHash, hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

const defaultRounds = 5000;
const minRounds = 1000;
/** A stored hash with more rounds is refused: checking it would block logins for seconds. */
const maxRounds = 2_000_000;
const maxSaltLength = 16;
const digestLength = 64;
/** About a millisecond of work, after which others get their turn. */
const roundsPerTurn = 500;

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * The settings in front of a SHA-512 crypt hash.
 *
 * @internal
 */
export interface Sha512CryptSettings {
  /** `$6$…$`, as it stands in front of the hash. */
  readonly prefix: string;
  readonly rounds: number;
  readonly salt: string;
}

/**
 * Reads `$6$[rounds=N$]salt$[hash]`; `undefined` for anything else, and for more than two million rounds.
 *
 * @internal
 */
export function parseSha512Crypt(stored: string): Sha512CryptSettings | undefined {
  const match = /^\$6\$(?:rounds=(\d{1,10})\$)?([^$]*)(?:\$|$)/.exec(stored);
  if (match === null) return undefined;
  const asked = match[1] === undefined ? undefined : Number(match[1]);
  const rounds = Math.max(asked ?? defaultRounds, minRounds);
  if (rounds > maxRounds) return undefined;
  const salt = match[2]!.slice(0, maxSaltLength);
  return { prefix: asked === undefined ? `$6$${salt}$` : `$6$rounds=${rounds}$${salt}$`, rounds, salt };
}

/**
 * The SHA-512 crypt hash of a password, with the salt and rounds of a stored hash or of bare settings. Written from the
 * public specification of SHA-crypt (U. Drepper, 2007). Gives way to other work every millisecond or so.
 *
 * @internal
 */
export async function sha512Crypt(password: string, settings: Sha512CryptSettings): Promise<string> {
  const key = Buffer.from(password, 'utf8');
  const salt = Buffer.from(settings.salt, 'utf8');
  const alternate = sha512(key, salt, key);
  let digest = initialDigest(key, salt, alternate);
  const p = stretch(sha512(...repeat(key, key.length)), key.length);
  const s = stretch(sha512(...repeat(salt, 16 + digest[0]!)), salt.length);
  // One buffer for all rounds, hashed in one call each: many small updates cost several times as much.
  const input = Buffer.alloc(2 * digestLength + 2 * p.length + s.length);
  for (let round = 0; round < settings.rounds; round++) {
    const odd = round % 2 === 1;
    let length = (odd ? p : digest).copy(input);
    if (round % 3 !== 0) length += s.copy(input, length);
    if (round % 7 !== 0) length += p.copy(input, length);
    length += (odd ? digest : p).copy(input, length);
    digest = hash('sha512', input.subarray(0, length), 'buffer');
    if (round % roundsPerTurn === roundsPerTurn - 1) await nextTurn();
  }
  return settings.prefix + encode(digest);
}

function initialDigest(key: Buffer, salt: Buffer, alternate: Buffer): Buffer {
  const initial = createHash('sha512').update(key).update(salt).update(stretch(alternate, key.length));
  // The bits of the length, lowest first, choose what goes in.
  for (let bits = key.length; bits > 0; bits >>= 1) initial.update(bits % 2 === 1 ? alternate : key);
  return initial.digest();
}

/** A digest repeated, or cut, to a length. */
function stretch(digest: Buffer, length: number): Buffer {
  return Buffer.alloc(length, digest);
}

function repeat(bytes: Buffer, times: number): Buffer[] {
  return Array.from({ length: times }, () => bytes);
}

function sha512(...parts: readonly Buffer[]): Buffer {
  return hash('sha512', Buffer.concat(parts), 'buffer');
}

/** The specification's own base 64: three bytes 21 apart, in turn from each third, make four characters. */
function encode(digest: Buffer): string {
  let text = '';
  for (let group = 0; group < 21; group++) {
    const thirds = [digest[group]!, digest[group + 21]!, digest[group + 42]!];
    // The byte that leads moves on by one third with every group.
    const lead = group % 3;
    const [a, b, c] = [thirds[lead]!, thirds[(lead + 1) % 3]!, thirds[(lead + 2) % 3]!];
    text += sixBits((a << 16) | (b << 8) | c, 4);
  }
  return text + sixBits(digest[63]!, 2);
}

function sixBits(value: number, characters: number): string {
  let text = '';
  for (let left = characters, bits = value; left > 0; left--, bits >>= 6) text += alphabet[bits & 0x3f]!;
  return text;
}
