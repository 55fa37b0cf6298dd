import type { Secret } from '../secrets/secret.js';
import type { DatabaseConnectionOptions } from './database-connection-options.js';

/**
 * Which database to open, and how.
 *
 * @public
 */
export interface DatabaseSessionConfig extends DatabaseConnectionOptions {
  /** Name or address of the server. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** Name of the database. */
  readonly name: string;
  /** The account that logs in. */
  readonly user: string;
  /** Its password. */
  readonly password: Secret;
}
