import type { AbortableOptions } from '../../support/abort.js';

/**
 * Knows which ports serve browser-based administration.
 *
 * @public
 */
export interface ConnectorDirectory {
  /** Whether the port is enabled for browser-based administration. Throws when that cannot be found out. */
  allowsBrowserAdministration(port: number, options?: AbortableOptions): Promise<boolean>;
}
