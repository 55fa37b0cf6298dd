import type { GatewayDatabase } from '../../database/gateway-database.js';
import { BackupError } from '../../errors.js';
import type { AbortableOptions } from '../../support/abort.js';
import type { ClusterDirectory, ClusterNode } from './cluster-directory.js';

/**
 * What a {@link GatewayClusterDirectory} must know of its own node.
 *
 * @public
 */
export interface GatewayClusterOptions {
  /** `node.id` of node.properties, or the node's name. Not needed when the cluster has one node. */
  readonly self?: string | undefined;
  /** Where the main database runs: `local`, or an address as `cluster_info` has it. Default: not known. */
  readonly databaseAddress?: string | undefined;
  /** How long a list that was read is used, in milliseconds. Default: 5000. */
  readonly maxAgeMs?: number | undefined;
}

/**
 * The nodes of `cluster_info`.
 *
 * @example
 * ```ts
 * await using gateway = await openGatewayAccess();
 * const cluster = new GatewayClusterDirectory(gateway.database, { self: gateway.nodeId });
 * console.log(await cluster.nodes());
 * ```
 *
 * @public
 */
export class GatewayClusterDirectory implements ClusterDirectory {
  readonly #database: GatewayDatabase;
  readonly #options: GatewayClusterOptions;
  #read: { readonly nodes: readonly ClusterNode[]; readonly at: number } | undefined;

  constructor(database: GatewayDatabase, options: GatewayClusterOptions = {}) {
    this.#database = database;
    this.#options = options;
  }

  /** Throws a `BackupError` when the table cannot be read, or this node is not in it. */
  async nodes(options: AbortableOptions = {}): Promise<readonly ClusterNode[]> {
    const { maxAgeMs = 5000 } = this.#options;
    if (this.#read !== undefined && performance.now() - this.#read.at < maxAgeMs) return this.#read.nodes;
    const rows = await this.#database.query(
      'SELECT nodeid, name, address FROM cluster_info ORDER BY name',
      [],
      options,
    );
    const nodes = rows.map((row) => this.#node(row, rows.length));
    if (nodes.filter(({ local }) => local).length !== 1) throw notListed(this.#options.self);
    this.#read = { nodes, at: performance.now() };
    return nodes;
  }

  #node([id, name, address]: readonly (string | null)[], count: number): ClusterNode {
    const { self, databaseAddress } = this.#options;
    const local = count === 1 || id === self || name === self;
    return {
      id: id ?? '',
      name: name ?? '',
      address: address ?? '',
      local,
      hostsDatabase:
        databaseAddress === undefined
          ? undefined
          : databaseAddress === 'local'
            ? local
            : databaseAddress === address,
    };
  }
}

function notListed(self = 'this node'): BackupError {
  return new BackupError(
    'DATABASE_UNAVAILABLE',
    `The table cluster_info does not list ${self} exactly once.`,
    {
      stage: 'service',
      reason: 'node-not-listed',
      hint: 'node.id of node.properties must be the nodeid of one row.',
    },
  );
}
