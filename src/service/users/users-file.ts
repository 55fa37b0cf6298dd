import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { BackupError } from '../../errors.js';
import { parseScryptParameters } from '../passwords/scrypt-password.js';
import { isObject } from '../../support/is-object.js';
import type { CertificateThumbprint } from './user-directory.js';

/**
 * One user of a users file.
 *
 * @internal
 */
export interface FileUser {
  readonly login: string;
  /** A salted scrypt hash. */
  readonly password: string;
  readonly administrator: boolean;
  readonly disabled: boolean;
  /** The account ends at this time. */
  readonly expires: Date | undefined;
  readonly certificates: readonly CertificateThumbprint[];
}

const maxFileBytes = 4 * 1024 * 1024;

/**
 * Reads a users file: `{ "users": [{ "login", "password", "administrator"?, "disabled"?, "expires"?, "certificates"? }] }`.
 * Throws `INVALID_OPTIONS` when it is not usable, naming the user and the property, or when others may read it.
 *
 * @internal
 */
export async function readUsersFile(path: string): Promise<readonly FileUser[]> {
  const text = await readPrivateFile(path);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's message would quote from the file.
    throw invalid(path, 'it is not JSON');
  }
  const list = isObject(content) ? content['users'] : undefined;
  if (!Array.isArray(list)) throw invalid(path, 'it has no list "users"');
  const users = list.map((user: unknown, index) => parseUser(path, user, index));
  if (new Set(users.map(({ login }) => login)).size !== users.length)
    throw invalid(path, 'a login stands in it twice');
  return users;
}

/** A stored user as plain JSON; defaults are left out. */
export function userToJson(user: FileUser): Readonly<Record<string, unknown>> {
  const { login, password, administrator, disabled, expires, certificates } = user;
  return {
    login,
    password,
    ...(administrator ? { administrator } : {}),
    ...(disabled ? { disabled } : {}),
    ...(expires === undefined ? {} : { expires: expires.toISOString() }),
    ...(certificates.length === 0 ? {} : { certificates }),
  };
}

async function readPrivateFile(path: string): Promise<string> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const facts = await file.stat();
      if (!facts.isFile() || facts.size > maxFileBytes)
        throw invalid(path, 'it is not a file of at most 4 MiB');
      if ((facts.mode & 0o077) !== 0) throw invalid(path, 'others may read or write it; chmod 600 it');
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof BackupError) throw cause;
    throw invalid(path, 'it cannot be read', cause);
  }
}

function parseUser(path: string, value: unknown, index: number): FileUser {
  const user = isObject(value) ? value : {};
  const {
    login,
    password,
    administrator = false,
    disabled = false,
    expires,
    certificates = [],
    ...rest
  } = user;
  const where = typeof login === 'string' ? `user ${JSON.stringify(login)}` : `user number ${index + 1}`;
  const refuse = (what: string): BackupError => invalid(path, `${where}: ${what}`);
  if (typeof login !== 'string' || login === '') throw refuse('"login" is missing');
  if (typeof password !== 'string' || parseScryptParameters(password) === undefined) {
    throw refuse('"password" is no scrypt hash; use add-user to make one');
  }
  if (typeof administrator !== 'boolean') throw refuse('"administrator" must be true or false');
  if (typeof disabled !== 'boolean') throw refuse('"disabled" must be true or false');
  const end = typeof expires === 'string' ? new Date(expires) : undefined;
  if (expires !== undefined && (end === undefined || Number.isNaN(end.getTime()))) {
    throw refuse('"expires" must be a date, for example "2027-01-31T00:00:00Z"');
  }
  if (!Array.isArray(certificates) || !certificates.every(isThumbprint)) {
    throw refuse('"certificates" must be a list of "sha256:" or "sha1:" and lower-case hex');
  }
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw refuse(`${JSON.stringify(unknown)} is not known`);
  return { login, password, administrator, disabled, expires: end, certificates };
}

function isThumbprint(value: unknown): value is CertificateThumbprint {
  return typeof value === 'string' && /^(?:sha256:[0-9a-f]{64}|sha1:[0-9a-f]{40})$/.test(value);
}

function invalid(path: string, why: string, cause?: unknown): BackupError {
  return new BackupError('INVALID_OPTIONS', `The users file ${path} is not usable: ${why}.`, {
    stage: 'service',
    reason: 'users-file',
    cause,
  });
}
