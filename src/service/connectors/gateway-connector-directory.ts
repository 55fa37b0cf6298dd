import type { GatewayDatabase } from '../../database/gateway-database.js';
import type { AbortableOptions } from '../../support/abort.js';
import type { ConnectorDirectory } from './connector-directory.js';

/** What a connector's list of endpoints holds when it serves browser-based administration. */
const administrationEndpoint = 'ADMIN_APPLET';

/**
 * The ports of the Gateway's own `connector` table.
 *
 * @example
 * ```ts
 * await using gateway = await openGatewayAccess();
 * const connectors = new GatewayConnectorDirectory(gateway.database);
 * console.log(await connectors.allowsBrowserAdministration(8443));
 * ```
 *
 * @public
 */
export class GatewayConnectorDirectory implements ConnectorDirectory {
  readonly #database: GatewayDatabase;

  constructor(database: GatewayDatabase) {
    this.#database = database;
  }

  /** Whether an enabled connector on the port offers the administration applet. */
  async allowsBrowserAdministration(port: number, options: AbortableOptions = {}): Promise<boolean> {
    const rows = await this.#database.query(
      'SELECT endpoints FROM connector WHERE enabled = 1 AND port = ?',
      [port],
      options,
    );
    return rows.some(([endpoints]) =>
      (endpoints ?? '').split(',').some((endpoint) => endpoint.trim() === administrationEndpoint),
    );
  }
}
