import { createDecipheriv, createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { BackupError } from '../errors.js';
import { resolveSecret, Secret, type SecretSource } from './secret.js';

/** Above it a count is an attack or a slip: it would keep a core busy for seconds. */
const MAX_ITERATIONS = 1_000_000;
const IV_BYTES = 16;
const MAC_BYTES = 32;
const deriveKey = promisify(pbkdf2);

/**
 * The clear text of a password as `node.properties` holds it: plain, `$L7C2$…` or `$L7C$…`.
 *
 * @param stored - The value of the property.
 * @param passphrase - The node's master passphrase; asked for only when the password is encrypted.
 * @throws BackupError `DATABASE_UNAVAILABLE` with one of the reasons `passphrase-missing`, `passphrase-wrong` and
 * `password-malformed`. No message or cause holds any part of a password.
 * @internal
 */
export async function decodeGatewayPassword(
  stored: Secret,
  passphrase: SecretSource | undefined,
): Promise<Secret> {
  const text = stored.reveal();
  if (text.startsWith('$L7C2$')) return decodeAuthenticated(text.slice(6), await required(passphrase));
  if (text.startsWith('$L7C$')) return decodeLegacy(text.slice(5), await required(passphrase));
  return stored;
}

/** `<iterations hex>,<salt b64>$<b64 of iv|ciphertext|mac>` */
async function decodeAuthenticated(text: string, passphrase: Secret): Promise<Secret> {
  const parts = /^([0-9a-fA-F]{1,8}),([^$]+)\$([^$]+)$/.exec(text);
  if (parts === null) throw malformed();
  const iterations = Number.parseInt(parts[1]!, 16);
  if (iterations < 1 || iterations > MAX_ITERATIONS) throw malformed();
  const salt = base64(parts[2]!);
  const sealed = base64(parts[3]!);
  const macStart = sealed.length - MAC_BYTES;
  if (macStart < 2 * IV_BYTES) throw malformed();

  const key = await deriveKey(Buffer.from(passphrase.reveal(), 'latin1'), salt, iterations, 32, 'sha1');
  const mac = createHmac('sha256', key).update(sealed.subarray(0, macStart)).digest();
  // Before anything is decrypted, and without telling by time how much of it was right.
  if (!timingSafeEqual(mac, sealed.subarray(macStart))) throw wrongPassphrase();
  return decrypt(key, sealed.subarray(0, IV_BYTES), sealed.subarray(IV_BYTES, macStart));
}

/** `<salt b64>$<ciphertext b64>` */
function decodeLegacy(text: string, passphrase: Secret): Secret {
  const parts = /^([^$]+)\$([^$]+)$/.exec(text);
  if (parts === null) throw malformed();
  const saltText = parts[1]!;
  const iv = base64(saltText);
  if (iv.length !== IV_BYTES) throw malformed();
  const message = passphrase.reveal();
  const inner = createHash('sha512')
    .update(message + saltText + message)
    .digest();
  const key = createHash('sha512')
    .update(message + saltText)
    .update(inner)
    .digest()
    .subarray(0, 32);
  return decrypt(key, iv, base64(parts[2]!));
}

function decrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Secret {
  if (ciphertext.length % IV_BYTES !== 0) throw malformed();
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, iv);
    const clear = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    return new Secret(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(clear));
  } catch {
    // Bad padding or bad text: without a mac this is how a wrong passphrase shows.
    throw wrongPassphrase();
  }
}

/** Strict: `Buffer.from` skips what it does not know. */
function base64(text: string): Buffer {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1) throw malformed();
  return Buffer.from(text, 'base64');
}

async function required(passphrase: SecretSource | undefined): Promise<Secret> {
  if (passphrase !== undefined) {
    const secret = await resolveSecret(passphrase);
    if (secret.reveal() !== '') return secret;
  }
  throw failure(
    'The database password in node.properties is encrypted, and no master passphrase was given.',
    'passphrase-missing',
    'Give the passphrase with --passphrase-file or GATEWAY_BACKUP_PASSPHRASE (option passphrase), ' +
      'or the database password itself with --db-password-file (option databasePassword).',
  );
}

function wrongPassphrase(): BackupError {
  return failure(
    'The database password in node.properties cannot be decrypted with the given master passphrase.',
    'passphrase-wrong',
    "Check that the passphrase is this node's own, without a line end or spaces around it.",
  );
}

function malformed(): BackupError {
  return failure(
    'The database password in node.properties is not in a known form.',
    'password-malformed',
    'Give the database password itself with --db-password-file (option databasePassword).',
  );
}

function failure(message: string, reason: string, hint: string): BackupError {
  return new BackupError('DATABASE_UNAVAILABLE', message, { stage: 'collect', reason, hint });
}
