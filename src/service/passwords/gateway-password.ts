import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../secrets/secret.js';
import { parseSha512Crypt, sha512Crypt, type Sha512CryptSettings } from './sha512-crypt.js';

/** The realm inside the old digests. */
const digestRealm = 'L7SSGDigestRealm';

// What a check costs is the same whether or not the login exists, and for the old form of hash too.
const decoy: Sha512CryptSettings = { prefix: '', rounds: 5000, salt: 'no-such-user' };

/**
 * Whether a stored password has a form that {@link checkGatewayPassword} can check.
 *
 * @internal
 */
export function isKnownGatewayPassword(stored: string): boolean {
  return isOldDigest(stored) || parseSha512Crypt(stored) !== undefined;
}

/**
 * Whether the password is the one that `internal_user.password` holds: SHA-512 crypt, or the old hex MD5 of
 * `login:L7SSGDigestRealm:password`. Without a stored password the same work is done for nothing.
 *
 * @internal
 */
export async function checkGatewayPassword(
  login: string,
  password: Secret,
  stored: string | undefined,
): Promise<boolean> {
  const settings = stored === undefined ? undefined : parseSha512Crypt(stored);
  const hash = await sha512Crypt(password.reveal(), settings ?? decoy);
  if (stored === undefined) return false;
  if (settings !== undefined) return sameText(hash, normalPrefix(stored, settings));
  return isOldDigest(stored) && sameText(oldDigest(login, password), stored.toLowerCase());
}

function isOldDigest(stored: string): boolean {
  return /^[0-9a-f]{32}$/i.test(stored);
}

function oldDigest(login: string, password: Secret): string {
  return createHash('md5').update(`${login}:${digestRealm}:${password.reveal()}`, 'utf8').digest('hex');
}

/** A stored hash whose salt was too long, or whose rounds were too few, compares by what was really used. */
function normalPrefix(stored: string, settings: Sha512CryptSettings): string {
  return settings.prefix + stored.slice(stored.lastIndexOf('$') + 1);
}

/** Compares in constant time. Digests first, since `timingSafeEqual` wants equal lengths. */
function sameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(left), digest(right));
}
