import { randomBytes } from 'node:crypto';
import { open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackupError } from '../../errors.js';
import { resolveSecret, type SecretSource } from '../../secrets/secret.js';
import { errnoOf } from '../../support/errno.js';
import { syncFolder } from '../../support/sync-folder.js';
import { hashScryptPassword } from '../passwords/scrypt-password.js';
import type { CertificateThumbprint } from './user-directory.js';
import { readUsersFile, userToJson, type FileUser } from './users-file.js';

/**
 * A user to be put into a users file.
 *
 * @public
 */
export interface NewFileUser {
  /** Not empty; without colons and control characters, which Basic credentials cannot carry. */
  readonly login: string;
  /** At least eight characters. */
  readonly password: SecretSource;
  /** Whether the user may make backups. Default: false. */
  readonly administrator?: boolean | undefined;
  /** The account ends at this time. Default: never. */
  readonly expires?: Date | undefined;
  /** Client certificates of which the user must present one. Default: none. */
  readonly certificates?: readonly CertificateThumbprint[] | undefined;
}

const minPasswordLength = 8;

/**
 * Adds a user to a users file, or replaces the one with that login, and makes the file if there is none: mode 0600, replaced as
 * a whole. Not for two writers at once. Throws `INVALID_OPTIONS`.
 *
 * @example
 * ```ts
 * await addFileUser('users.json', { login: 'anna', password: 'long enough', administrator: true });
 * ```
 *
 * @public
 */
export async function addFileUser(path: string, user: NewFileUser): Promise<'added' | 'replaced'> {
  const { login, administrator = false, expires, certificates = [] } = user;

  if (login === '' || login.length > 255 || /[:\u0000-\u001f\u007f]/.test(login)) {
    throw invalid(
      'login',
      'The login must have 1 to 255 characters, none of them a colon or a control character.',
    );
  }
  const password = await resolveSecret(user.password);
  if (password.reveal().length < minPasswordLength) {
    throw invalid('password', `The password must have at least ${minPasswordLength} characters.`);
  }
  const users = (await exists(path)) ? await readUsersFile(path) : [];
  const hash = await hashScryptPassword(password);
  const added: FileUser = { login, password: hash, administrator, disabled: false, expires, certificates };
  const others = users.filter((known) => known.login !== login);
  await replaceFile(path, `${JSON.stringify({ users: [...others, added].map(userToJson) }, undefined, 2)}\n`);
  return others.length === users.length ? 'added' : 'replaced';
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeSynced(temporary, text);
    await rename(temporary, path);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw new BackupError('INVALID_OPTIONS', `The users file ${path} could not be written.`, {
      stage: 'service',
      reason: 'users-file',
      hint: 'Check that its folder exists and is writable.',
      cause,
    });
  }
  await syncFolder(dirname(path));
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function invalid(reason: string, message: string): BackupError {
  return new BackupError('INVALID_OPTIONS', message, { stage: 'options', reason });
}
