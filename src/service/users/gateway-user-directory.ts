import type { GatewayDatabase } from '../../database/gateway-database.js';
import { BackupError } from '../../errors.js';
import type { Secret } from '../../secrets/secret.js';
import type { AbortableOptions } from '../../support/abort.js';
import { thumbprint } from '../client-certificate.js';
import { GatewayTables, internalProviderId } from '../gateway-tables.js';
import { checkGatewayPassword, isKnownGatewayPassword } from '../passwords/gateway-password.js';
import { PasswordVerifier } from '../passwords/password-verifier.js';
import { printable } from '../printable.js';
import type { ServiceLog } from '../service-log.js';
import type { CertificateThumbprint, ServiceUser, UserDirectory } from './user-directory.js';

/** Tag of the Administrator role. */
const administratorTag = 'ADMIN';

interface UserRow {
  readonly id: string;
  readonly password: string;
  readonly active: boolean;
}

/**
 * The Gateway's internal users, as its own tables know them: `internal_user` with SHA-512 crypt hashes and the older digests,
 * roles by user and by group, registered client certificates. Reads the tables anew each time.
 *
 * Every method throws a `BackupError` when the database cannot be asked.
 *
 * @example
 * ```ts
 * await using gateway = await openGatewayAccess();
 * const users = new GatewayUserDirectory(gateway.database);
 * ```
 *
 * @public
 */
export class GatewayUserDirectory implements UserDirectory {
  readonly #database: GatewayDatabase;
  readonly #tables: GatewayTables;
  readonly #verifier = new PasswordVerifier();
  readonly #log: ServiceLog;

  constructor(database: GatewayDatabase, { log }: { readonly log?: ServiceLog | undefined } = {}) {
    this.#database = database;
    this.#tables = new GatewayTables(database);
    this.#log = log ?? (() => undefined);
  }

  /** Checks the hash of `internal_user`. */
  async authenticate(
    login: string,
    password: Secret,
    options: AbortableOptions = {},
  ): Promise<ServiceUser | undefined> {
    const user = await this.#find(login, options);
    const stored = user?.password;
    const right = await this.#verifier.verify(login, password, stored, () =>
      checkGatewayPassword(login, password, stored),
    );
    if (user !== undefined && !isKnownGatewayPassword(user.password)) {
      this.#log('warn', `The password of ${printable(login)} is stored in a form that cannot be checked.`);
    }
    if (!right || user?.active !== true) return undefined;
    return { login, id: user.id, providerId: internalProviderId };
  }

  /** Those of `client_cert`. */
  async registeredCertificates(
    user: ServiceUser,
    options: AbortableOptions = {},
  ): Promise<readonly CertificateThumbprint[]> {
    const columns = await this.#tables.columns(
      'client_cert',
      ['provider', 'user_id', 'login', 'cert'],
      options,
    );
    const rows = await this.#database.query(
      `SELECT cert, ${columns.has('thumbprint_sha1') ? 'thumbprint_sha1' : 'NULL'} FROM client_cert
        WHERE HEX(provider) = ? AND (LOWER(user_id) = ? OR (user_id IS NULL AND login = ?))`,
      [internalProviderId.toUpperCase(), user.id, user.login],
      options,
    );
    return rows.flatMap(([certificate = null, sha1 = null]) => registered(user, certificate, sha1));
  }

  /** Whether `rbac_assignment` gives the Administrator role to the user or to one of the user's groups. */
  async isAdministrator(user: ServiceUser, options: AbortableOptions = {}): Promise<boolean> {
    const groups = await this.#tables.columns('internal_group', ['goid'], options);
    const enabled = groups.has('enabled') ? ' AND g.enabled = 1' : '';
    const [row] = await this.#database.query(
      `SELECT COUNT(*) FROM rbac_assignment a JOIN rbac_role r ON a.role_goid = r.goid
        WHERE r.tag = ? AND HEX(a.provider_goid) = ? AND (
          (a.entity_type = 'User' AND LOWER(a.identity_id) = ?) OR
          (a.entity_type = 'Group' AND LOWER(a.identity_id) IN (
            SELECT LOWER(HEX(g.goid)) FROM internal_user_group m JOIN internal_group g ON m.internal_group = g.goid
             WHERE HEX(m.user_goid) = ?${enabled})))`,
      [administratorTag, internalProviderId.toUpperCase(), user.id, user.id.toUpperCase()],
      options,
    );
    return Number(row?.[0] ?? 0) > 0;
  }

  async #find(login: string, options: AbortableOptions): Promise<UserRow | undefined> {
    const columns = await this.#tables.columns('internal_user', ['goid', 'login', 'password'], options);
    const rows = await this.#database.query(
      `SELECT LOWER(HEX(goid)), login, password,
              ${columns.has('enabled') ? 'enabled' : '1'}, ${columns.has('expiration') ? 'expiration' : '-1'}
         FROM internal_user WHERE login = ?`,
      [login],
      options,
    );
    // The table's own comparison may take upper and lower case, or accents, for the same.
    const row = rows.find(([, found]) => found === login);
    if (row === undefined) return undefined;
    const [id, , password, enabled, expiration] = row;
    const expires = Number(expiration ?? -1);
    return {
      id: id ?? '',
      password: password ?? '',
      active: Number(enabled) !== 0 && (expires < 0 || expires > Date.now()),
    };
  }
}

/** A registered certificate that cannot be read must not count as none. */
function registered(
  user: ServiceUser,
  certificate: string | null,
  sha1: string | null,
): readonly CertificateThumbprint[] {
  const der = Buffer.from((certificate ?? '').replace(/-----[^-]*-----|\s/g, ''), 'base64');
  if (der.length > 0) return [thumbprint('sha256', der)];
  if (sha1 === null || sha1 === '') return [];
  const digest = /^[0-9a-f]{40}$/i.test(sha1) ? Buffer.from(sha1, 'hex') : Buffer.from(sha1, 'base64');
  if (digest.length === 20) return [`sha1:${digest.toString('hex')}`];
  throw new BackupError(
    'DATABASE_UNAVAILABLE',
    `The client certificate of ${printable(user.login)} is not readable.`,
    {
      stage: 'service',
      reason: 'certificate-unreadable',
    },
  );
}
