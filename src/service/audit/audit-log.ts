/**
 * What an audit record is about: 3600 success, 3601 no TLS, 3602 credentials, 3603 client certificate, 3605 port,
 * 3607 role, 3608 role lookup, 3609 image not created, 3610 image not readable, 3612 no cluster list, 3613 no such node,
 * 3616 routing failed.
 *
 * @public
 */
export type AuditId = 3600 | 3601 | 3602 | 3603 | 3605 | 3607 | 3608 | 3609 | 3610 | 3612 | 3613 | 3616;

/**
 * How grave a record is, in the Gateway's words.
 *
 * @public
 */
export type AuditLevel = 'INFO' | 'WARNING' | 'SEVERE';

/**
 * One attempt to get a backup. All texts are free of control characters.
 *
 * @public
 */
export interface AuditRecord {
  /** The number of the outcome. */
  readonly id: AuditId;
  /** How serious it is. */
  readonly level: AuditLevel;
  /** When it was answered. */
  readonly time: Date;
  /** The outcome in one sentence. */
  readonly message: string;
  /** HTTP status of the answer. */
  readonly status: number;
  /** The login as it was given, whether or not it exists. */
  readonly user?: string | undefined;
  /** Id of the user, once authenticated. */
  readonly userId?: string | undefined;
  /** Id of the identity provider that knows the user, once authenticated. */
  readonly providerId?: string | undefined;
  /** The node whose image was asked for. */
  readonly node?: string | undefined;
  /** Name of the client's machine, or its address when it has none. */
  readonly clientHost: string;
  /** Address of the client. */
  readonly clientAddress: string;
}

/**
 * Where attempts are recorded.
 *
 * @public
 */
export interface AuditLog {
  /**
   * Keeps one record. The answer to the client does not depend on it: an error thrown here is written to the service's
   * log, together with the record.
   */
  record(record: AuditRecord): Promise<void>;
}
