import type { ConnectorDirectory } from './connector-directory.js';

/**
 * A fixed list of ports that serve browser-based administration.
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
