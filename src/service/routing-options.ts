/**
 * How requests for other nodes are passed on.
 *
 * @public
 */
export interface RoutingOptions {
  /** Certificate authorities, PEM, that the other nodes' certificates must come from. Default: Node's own list. */
  readonly ca?: string | Buffer | (string | Buffer)[] | undefined;
  /** The name that every node's certificate is valid for, when it is not its address. Default: the node's own. */
  readonly certificateName?: string | undefined;
  /** Limit for the connection and its handshake, in milliseconds. Default: 10 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Limit for the other node to build its image, in milliseconds. Default: 14 400 000, four hours. */
  readonly answerTimeoutMs?: number | undefined;
  /** How long the other node may send nothing once it has begun to answer, in milliseconds. Default: 120 000. */
  readonly idleTimeoutMs?: number | undefined;
}

/** {@link RoutingOptions} with their defaults. */
export type ResolvedRoutingOptions = Defined<Omit<RoutingOptions, 'ca' | 'certificateName'>> &
  Pick<RoutingOptions, 'ca' | 'certificateName'>;

/** Copies and defaults. */
export function resolveRoutingOptions(options: RoutingOptions = {}): ResolvedRoutingOptions {
  const { ca, certificateName, connectTimeoutMs, answerTimeoutMs, idleTimeoutMs } = options;
  return {
    ca,
    certificateName,
    connectTimeoutMs: connectTimeoutMs ?? 10_000,
    answerTimeoutMs: answerTimeoutMs ?? 4 * 3600_000,
    idleTimeoutMs: idleTimeoutMs ?? 120_000,
  };
}

/** Every property is there. */
export type Defined<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };
