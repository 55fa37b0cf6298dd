import type { GatewayBackupOptions } from '../backup/gateway-backup-options.js';
import { resolveGatewayOptions } from '../backup/resolve-gateway-options.js';
import type { GatewayDatabase } from '../database/gateway-database.js';
import { MysqlGatewayDatabase } from '../database/mysql-gateway-database.js';
import { detectGateway } from '../gateway/detect-gateway.js';
import { decodeGatewayPassword } from '../secrets/gateway-password.js';
import { resolveSecret, Secret } from '../secrets/secret.js';
import type { AbortableOptions } from '../support/abort.js';

/**
 * The Gateway's own database, and what of this node is needed to use it.
 *
 * @public
 */
export interface GatewayAccess extends AsyncDisposable {
  /** For users, cluster, connectors and audit records. */
  readonly database: GatewayDatabase;
  /** `node.id` of node.properties: this node's `nodeid` in `cluster_info`. */
  readonly nodeId: string;
  /** `local` when the database runs on this node, else its address. */
  readonly databaseAddress: string;
  /** Ends the connection. */
  close(): Promise<void>;
}

/**
 * Finds the Gateway's main database by its node.properties, wherever it runs. Connects when it is first asked.
 *
 * Throws `GATEWAY_NOT_CONFIGURED`, or `DATABASE_UNAVAILABLE` when the password cannot be had.
 *
 * @example
 * ```ts
 * await using gateway = await openGatewayAccess({ passphrase: () => 'master passphrase' });
 * const users = new GatewayUserDirectory(gateway.database);
 * ```
 *
 * @public
 */
export async function openGatewayAccess(
  options: GatewayBackupOptions = {},
  { signal }: AbortableOptions = {},
): Promise<GatewayAccess> {
  const gateway = resolveGatewayOptions(options, () => []);
  const { facts, databasePassword } = await detectGateway({ ...gateway, localDatabaseOnly: true, signal });
  const { host, port, name, user, local, address } = facts.database;
  const password =
    gateway.databasePassword === undefined
      ? await decodeGatewayPassword(new Secret(databasePassword ?? ''), gateway.passphrase)
      : await resolveSecret(gateway.databasePassword);
  const database = new MysqlGatewayDatabase({ host, port, name, user, password, ...gateway.database });
  const close = (): Promise<void> => database.close();
  return {
    database,
    nodeId: facts.node,
    databaseAddress: local ? 'local' : (address ?? host),
    close,
    [Symbol.asyncDispose]: close,
  };
}
