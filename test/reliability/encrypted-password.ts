import { createCipheriv, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** A password as node.properties may hold it, made after the published description of the format. */
export function encryptedPassword(password: string, passphrase: string): string {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const iterations = 1000;
  const key = pbkdf2Sync(Buffer.from(passphrase, 'latin1'), salt, iterations, 32, 'sha1');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const body = Buffer.concat([iv, cipher.update(password, 'utf8'), cipher.final()]);
  const mac = createHmac('sha256', key).update(body).digest();
  return `$L7C2$${iterations.toString(16)},${salt.toString('base64')}$${Buffer.concat([body, mac]).toString('base64')}`;
}
