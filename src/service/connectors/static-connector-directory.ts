import type { ConnectorDirectory } from './connector-directory.js';

/**
 * A fixed list of ports that serve browser-based administration.
 *
 * @example
 * ```ts
 * const connectors = new StaticConnectorDirectory([8443, 9443]);
 * ```
 *
 * @public
 */
export class StaticConnectorDirectory implements ConnectorDirectory {
  readonly #ports: ReadonlySet<number>;

  constructor(ports: Iterable<number>) {
    this.#ports = new Set(ports);
  }

  /** Whether the port is in the list. */
  async allowsBrowserAdministration(port: number): Promise<boolean> {
    return Promise.resolve(this.#ports.has(port));
  }
}
