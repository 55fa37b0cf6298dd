import { BackupError } from '../../errors.js';
import type { ClusterDirectory, ClusterNode } from './cluster-directory.js';

/**
 * A list of nodes that does not change. For a gateway that is not clustered: a list of one.
 *
 * @example
 * ```ts
 * const cluster = new StaticClusterDirectory([
 *   { name: 'Gateway1', address: '', local: true },
 *   { name: 'Gateway2', address: '10.0.0.12', local: false },
 * ]);
 * ```
 *
 * @public
 */
export class StaticClusterDirectory implements ClusterDirectory {
  readonly #nodes: readonly ClusterNode[];

  /** Throws `INVALID_OPTIONS` unless names are given and unique, and exactly one node is local. */
  constructor(nodes: readonly ClusterNode[]) {
    this.#nodes = Object.freeze(nodes.map((node) => Object.freeze({ ...node })));
    const names = new Set(this.#nodes.map((node) => node.name));
    if (names.has('') || names.size !== nodes.length) throw invalid('every node needs a name of its own');
    if (this.#nodes.filter((node) => node.local).length !== 1)
      throw invalid('exactly one node must be local');
    if (this.#nodes.some((node) => !node.local && node.address === ''))
      throw invalid('a node has no address');
  }

  /** The list that was given. */
  async nodes(): Promise<readonly ClusterNode[]> {
    return Promise.resolve(this.#nodes);
  }
}

function invalid(what: string): BackupError {
  return new BackupError('INVALID_OPTIONS', `The list of cluster nodes is not usable: ${what}.`, {
    stage: 'options',
    reason: 'cluster-nodes',
  });
}
