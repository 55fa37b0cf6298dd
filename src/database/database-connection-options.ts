/**
 * TLS to the database server.
 *
 * @public
 */
export interface DatabaseTlsOptions {
  /** Certificates of the authorities to trust, PEM. Default: those that Node trusts. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** Our own certificate, PEM, when the account asks for one. Default: none. */
  readonly cert?: string | Buffer | undefined;
  /** Its private key, PEM. Default: none. */
  readonly key?: string | Buffer | undefined;
  /** Refuse a server whose certificate no trusted authority has signed. Default: true. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Refuse a server whose certificate names another host. Default: true. */
  readonly verifyIdentity?: boolean | undefined;
}

/**
 * How the main database is connected to.
 *
 * @public
 */
export interface DatabaseConnectionOptions {
  /** Unix socket of the server, instead of host and port. Default: none. */
  readonly socketPath?: string | undefined;
  /** Default: no TLS. */
  readonly tls?: DatabaseTlsOptions | undefined;
  /** Limit for reaching the server and logging in, all attempts together, in milliseconds. Default: 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Longest silence of the server while we wait for it, in milliseconds. Default: 120,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** Largest row taken, in bytes: what a server can make us hold in memory. Default: 134,217,728 (128 MiB). */
  readonly maxRowBytes?: number | undefined;
}
