import type { AbortableOptions } from '../../support/abort.js';

/**
 * One node of the cluster.
 *
 * @public
 */
export interface ClusterNode {
  /** The name by which it is asked for: exact, case sensitive. */
  readonly name: string;
  /** Host name or address at which its Backup Service is reached. The only hosts that ever get a routed request. */
  readonly address: string;
  /** Whether this is the node that the service itself runs on. */
  readonly local: boolean;
  /** The node's id in the Gateway's tables. */
  readonly id?: string | undefined;
  /** Port of its Backup Service. Default: the port at which the request came in. */
  readonly port?: number | undefined;
  /** The name its certificate must be valid for. Default: the address. */
  readonly certificateName?: string | undefined;
  /** Whether the main database runs on it, when known. */
  readonly hostsDatabase?: boolean | undefined;
}

/**
 * Knows the nodes of the cluster.
 *
 * @public
 */
export interface ClusterDirectory {
  /** The nodes; exactly one of them is `local`. Throws when the list cannot be read. */
  nodes(options?: AbortableOptions): Promise<readonly ClusterNode[]>;
}
