import { stat } from 'node:fs/promises';
import type { Secret } from '../../secrets/secret.js';
import { PasswordVerifier } from '../passwords/password-verifier.js';
import {
  checkScryptPassword,
  defaultScryptParameters,
  parseScryptParameters,
  type ScryptParameters,
} from '../passwords/scrypt-password.js';
import type { CertificateThumbprint, ServiceUser, UserDirectory } from './user-directory.js';
import { readUsersFile, type FileUser } from './users-file.js';

interface LoadedUsers {
  /** Changes whenever the file does. */
  readonly version: string;
  readonly users: ReadonlyMap<string, FileUser>;
  /** A hash that no password has, and that costs what the others cost. */
  readonly decoy: string;
}

/**
 * Users, with salted scrypt hashes, in a JSON file of mode 0600 that {@link addFileUser} writes. A changed file is read again.
 *
 * Every method throws `INVALID_OPTIONS` when the file is not usable.
 *
 * @example
 * ```ts
 * const users = new FileUserDirectory('users.json');
 * const user = await users.authenticate('anna', new Secret('long enough'));
 * ```
 *
 * @public
 */
export class FileUserDirectory implements UserDirectory {
  readonly #path: string;
  readonly #verifier = new PasswordVerifier();
  #loaded: LoadedUsers | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Checks the scrypt hash of the file. */
  async authenticate(login: string, password: Secret): Promise<ServiceUser | undefined> {
    const { users, decoy } = await this.#load();
    const user = users.get(login);
    const stored = user?.password ?? decoy;
    const right = await this.#verifier.verify(login, password, stored, () =>
      checkScryptPassword(password, stored),
    );
    if (!right || user === undefined || !isActive(user)) return undefined;
    return { login, id: login };
  }

  /** Those of the user's line. */
  async registeredCertificates(user: ServiceUser): Promise<readonly CertificateThumbprint[]> {
    const { users } = await this.#load();
    return users.get(user.login)?.certificates ?? [];
  }

  /** Whether the user's line says so, as the file is now. */
  async isAdministrator(user: ServiceUser): Promise<boolean> {
    const { users } = await this.#load();
    const found = users.get(user.login);
    return found !== undefined && isActive(found) && found.administrator;
  }

  async #load(): Promise<LoadedUsers> {
    const version = await this.#version();
    if (version !== undefined && this.#loaded?.version === version) return this.#loaded;
    const users = await readUsersFile(this.#path);
    const loaded = {
      version: version ?? '',
      users: new Map(users.map((user) => [user.login, user])),
      decoy: decoyHash(users),
    };
    this.#loaded = loaded;
    return loaded;
  }

  async #version(): Promise<string | undefined> {
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(this.#path, { bigint: true });
      return [ino, size, mtimeNs, ctimeNs].join(' ');
    } catch {
      // Reading it will say what is wrong.
      return undefined;
    }
  }
}

function isActive({ disabled, expires }: FileUser): boolean {
  return !disabled && (expires === undefined || expires.getTime() > Date.now());
}

function decoyHash(users: readonly FileUser[]): string {
  const { cost, blockSize, parallelization } = users
    .map(({ password }) => parseScryptParameters(password) ?? defaultScryptParameters)
    .reduce(
      (most, each) => (work(each) > work(most) ? each : most),
      users.length === 0 ? defaultScryptParameters : none,
    );
  const noHash = Buffer.alloc(32).toString('base64');
  return ['scrypt', cost, blockSize, parallelization, Buffer.alloc(16).toString('base64'), noHash].join('$');
}

const none: ScryptParameters = { cost: 2, blockSize: 1, parallelization: 1 };

function work({ cost, blockSize, parallelization }: ScryptParameters): number {
  return cost * blockSize * parallelization;
}
