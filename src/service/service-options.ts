import { BackupError } from '../errors.js';
import type { AuditLog } from './audit/audit-log.js';
import type { BackupRunner } from './backup-runner.js';
import type { CredentialsCharset } from './basic-credentials.js';
import type { ClusterDirectory } from './cluster/cluster-directory.js';
import type { ConnectorDirectory } from './connectors/connector-directory.js';
import type { LoginLimits } from './login-limiter.js';
import {
  resolveRoutingOptions,
  type Defined,
  type ResolvedRoutingOptions,
  type RoutingOptions,
} from './routing-options.js';
import type { ServiceLog } from './service-log.js';
import type { UserDirectory } from './users/user-directory.js';

/**
 * What a Backup Service is made of.
 *
 * @public
 */
export interface BackupServiceOptions {
  /** Makes the images of this node: a `GatewayBackup`. */
  readonly backup: BackupRunner;
  /** Who may log in, and who is an administrator. */
  readonly users: UserDirectory;
  /** The nodes of the cluster. */
  readonly cluster: ClusterDirectory;
  /** Where every attempt is recorded. */
  readonly audit: AuditLog;
  /** Which ports serve browser-based administration. Default: every port. */
  readonly connectors?: ConnectorDirectory | undefined;
  /** How requests for other nodes are passed on. */
  readonly routing?: RoutingOptions | undefined;
  /** The path that is served, as the client sees it, also below a host that strips a prefix. Default: `/ssg/backup`. */
  readonly path?: string | undefined;
  /**
   * The port at which clients see the service: for the check of the connector, and for other nodes. Default: the port of the
   * connection. Set it behind a proxy.
   */
  readonly port?: number | undefined;
  /**
   * TLS ends at a proxy in front of the service, which alone can reach it: `X-Forwarded-Proto`, when present, and the last
   * address of `X-Forwarded-For` are believed. Users with a registered client certificate cannot log in then. Default: false.
   */
  readonly trustProxy?: boolean | undefined;
  /**
   * Character set of Basic credentials. `utf-8` is announced to clients, and what is not UTF-8 is read as ISO-8859-1.
   * Encoded words of RFC 2047 are understood in both. Default: `iso-8859-1`.
   */
  readonly credentialsCharset?: CredentialsCharset | undefined;
  /**
   * Send a partial image, marked `-partial` in its name and `X-Backup-Status: partial` in a header, rather than an error that
   * names the failed components. Default: false.
   */
  readonly deliverPartial?: boolean | undefined;
  /** Backups of this node at once; requests beyond it get 503. Default: 1. */
  readonly maxConcurrentBackups?: number | undefined;
  /** `Retry-After` of a refusal because of another backup, in seconds. Default: 60. */
  readonly retryAfterSeconds?: number | undefined;
  /** How long a client may take nothing of its download, in milliseconds. Default: 120 000. */
  readonly stalledClientMs?: number | undefined;
  /** How long an answer waits for its audit record, in milliseconds. Default: 5000. */
  readonly auditTimeoutMs?: number | undefined;
  /** When failed logins are slowed down. */
  readonly loginLimits?: LoginLimits | undefined;
  /** The name of a client's host, for audit records. Default: its address. */
  readonly clientHost?: ((address: string) => string | Promise<string>) | undefined;
  /** Default: no log but `DEBUG=gateway-backup:service`. */
  readonly log?: ServiceLog | undefined;
  /** Cancels every backup that the service runs, for a host that shuts down. */
  readonly signal?: AbortSignal | undefined;
}

/** {@link BackupServiceOptions} with their defaults, checked and frozen. */
export type ResolvedServiceOptions = Readonly<
  Defined<Omit<BackupServiceOptions, 'connectors' | 'port' | 'signal' | 'loginLimits' | 'routing'>> &
    Pick<BackupServiceOptions, 'connectors' | 'port' | 'signal' | 'loginLimits'> & {
      readonly routing: ResolvedRoutingOptions;
    }
>;

/** Throws `INVALID_OPTIONS`, naming the option. */
export function resolveServiceOptions(options: BackupServiceOptions): ResolvedServiceOptions {
  const resolved: ResolvedServiceOptions = {
    backup: options.backup,
    users: options.users,
    cluster: options.cluster,
    audit: options.audit,
    connectors: options.connectors,
    routing: resolveRoutingOptions(options.routing),
    path: options.path ?? '/ssg/backup',
    port: options.port,
    trustProxy: options.trustProxy ?? false,
    credentialsCharset: options.credentialsCharset ?? 'iso-8859-1',
    deliverPartial: options.deliverPartial ?? false,
    maxConcurrentBackups: options.maxConcurrentBackups ?? 1,
    retryAfterSeconds: options.retryAfterSeconds ?? 60,
    stalledClientMs: options.stalledClientMs ?? 120_000,
    auditTimeoutMs: options.auditTimeoutMs ?? 5000,
    loginLimits: options.loginLimits,
    clientHost: options.clientHost ?? ((address) => address),
    log: options.log ?? (() => undefined),
    signal: options.signal,
  };
  for (const name of ['backup', 'users', 'cluster', 'audit'] as const) {
    // A caller without types may have left one out.
    if ((resolved[name] as unknown) === undefined) throw invalid(name, 'it is missing');
  }
  if (!/^\/[A-Za-z0-9._~/-]*$/.test(resolved.path))
    throw invalid('path', 'it must start with a slash and be plain');
  for (const name of [
    'maxConcurrentBackups',
    'retryAfterSeconds',
    'stalledClientMs',
    'auditTimeoutMs',
  ] as const) {
    if (!Number.isSafeInteger(resolved[name]) || resolved[name] < 1)
      throw invalid(name, 'it must be a positive integer');
  }
  return Object.freeze(resolved);
}

function invalid(option: string, why: string): BackupError {
  return new BackupError('INVALID_OPTIONS', `The service option ${option} is not usable: ${why}.`, {
    stage: 'options',
    reason: option,
  });
}
