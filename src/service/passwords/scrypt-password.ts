import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../secrets/secret.js';

/**
 * What one check costs: memory is `128 * cost * blockSize` bytes, time grows with the product of all three.
 *
 * @internal
 */
export interface ScryptParameters {
  /** A power of two. */
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

/** 16 MiB and about a tenth of a second. */
export const defaultScryptParameters: ScryptParameters = { cost: 16_384, blockSize: 8, parallelization: 5 };

const keyLength = 32;
const maxMemoryBytes = 128 * 1024 * 1024;

/**
 * A new salted hash: `scrypt$cost$blockSize$parallelization$salt$hash`, the last two in base 64.
 *
 * @internal
 */
export async function hashScryptPassword(
  password: Secret,
  parameters: ScryptParameters = defaultScryptParameters,
): Promise<string> {
  const salt = randomBytes(16);
  const { cost, blockSize, parallelization } = parameters;
  const hash = await derive(password, salt, parameters);
  return ['scrypt', cost, blockSize, parallelization, salt.toString('base64'), hash.toString('base64')].join(
    '$',
  );
}

/**
 * The parameters of a stored hash; `undefined` if it is none, or would cost more memory than is allowed for it.
 *
 * @internal
 */
export function parseScryptParameters(stored: string): ScryptParameters | undefined {
  const match =
    /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$[A-Za-z0-9+/]{11,}={0,2}\$[A-Za-z0-9+/]{43}=$/.exec(stored);
  if (match === null) return undefined;
  const [cost, blockSize, parallelization] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const isPowerOfTwo = cost > 1 && (cost & (cost - 1)) === 0;
  const affordable = 128 * cost * blockSize < maxMemoryBytes / 2 && blockSize > 0 && parallelization > 0;
  return isPowerOfTwo && affordable ? { cost, blockSize, parallelization } : undefined;
}

/**
 * Whether the password is the one of a stored hash. False for a hash that cannot be read.
 *
 * @internal
 */
export async function checkScryptPassword(password: Secret, stored: string): Promise<boolean> {
  const parameters = parseScryptParameters(stored);
  if (parameters === undefined) return false;
  const [salt, hash] = stored.split('$').slice(4) as [string, string];
  const derived = await derive(password, Buffer.from(salt, 'base64'), parameters);
  return timingSafeEqual(derived, Buffer.from(hash, 'base64'));
}

function derive(password: Secret, salt: Buffer, parameters: ScryptParameters): Promise<Buffer> {
  const { cost, blockSize, parallelization } = parameters;
  const options = { N: cost, r: blockSize, p: parallelization, maxmem: maxMemoryBytes };
  return new Promise((resolve, reject) => {
    scrypt(Buffer.from(password.reveal(), 'utf8'), salt, keyLength, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
