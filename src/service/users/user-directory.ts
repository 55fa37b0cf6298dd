import type { Secret } from '../../secrets/secret.js';
import type { AbortableOptions } from '../../support/abort.js';

/**
 * A user whose password was right.
 *
 * @public
 */
export interface ServiceUser {
  /** The name the user logged in with. */
  readonly login: string;
  /** Id of the user inside its identity provider. */
  readonly id: string;
  /** Id of the identity provider that knows the user. */
  readonly providerId?: string | undefined;
}

/**
 * Digest of a certificate's DER bytes: `sha256:` or `sha1:` and lower-case hex.
 *
 * @public
 */
export type CertificateThumbprint = `sha256:${string}` | `sha1:${string}`;

/**
 * Knows who may use the service.
 *
 * @public
 */
export interface UserDirectory {
  /**
   * The user, if the password is right and the account is neither disabled nor expired; else `undefined`. Does the same
   * work for a login that does not exist. Throws when users cannot be looked up.
   */
  authenticate(login: string, password: Secret, options?: AbortableOptions): Promise<ServiceUser | undefined>;
  /** The client certificates registered for the user; a user with any must present one of them. */
  registeredCertificates(
    user: ServiceUser,
    options?: AbortableOptions,
  ): Promise<readonly CertificateThumbprint[]>;
  /** Whether the user has the Administrator role, directly or through a group. */
  isAdministrator(user: ServiceUser, options?: AbortableOptions): Promise<boolean>;
}
