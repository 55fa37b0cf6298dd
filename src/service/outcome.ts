import type { AuditId, AuditLevel } from './audit/audit-log.js';

/**
 * How one request to the service ends.
 *
 * @internal
 */
export interface Outcome {
  /** HTTP status. */
  readonly status: number;
  /** Goes out as the reason phrase of the status line and in the text of the body. */
  readonly phrase: string;
  /** The audit record's id; `undefined` when this outcome is not audited. */
  readonly auditId?: AuditId | undefined;
  readonly level?: AuditLevel | undefined;
}

/**
 * Every outcome of the service: the one place where statuses, phrases and audit ids stand.
 *
 * @internal
 */
export const outcomes = {
  success: { status: 200, phrase: 'OK', auditId: 3600, level: 'INFO' },
  notFound: { status: 404, phrase: 'Not found' },
  methodNotAllowed: { status: 405, phrase: 'Method not allowed' },
  targetTooLong: { status: 414, phrase: 'URL too long' },
  sslRequired: { status: 403, phrase: 'SSL required', auditId: 3601, level: 'WARNING' },
  crossSite: { status: 403, phrase: 'Cross-site request refused', auditId: 3607, level: 'WARNING' },
  challenge: { status: 401, phrase: 'Unauthorized' },
  malformedCredentials: { status: 400, phrase: 'Bad credentials', auditId: 3602, level: 'WARNING' },
  badCredentials: { status: 401, phrase: 'Bad credentials', auditId: 3602, level: 'WARNING' },
  tooManyFailures: { status: 429, phrase: 'Too many failed logins', auditId: 3602, level: 'WARNING' },
  tooManyLogins: { status: 503, phrase: 'Too many logins at once' },
  noCertificate: { status: 403, phrase: 'No client certificate', auditId: 3603, level: 'WARNING' },
  portNotEnabled: { status: 403, phrase: 'Connector not enabled', auditId: 3605, level: 'WARNING' },
  notPermitted: { status: 403, phrase: 'Not permitted', auditId: 3607, level: 'WARNING' },
  permissionCheckFailed: { status: 500, phrase: 'Permission check failed', auditId: 3608, level: 'WARNING' },
  busy: { status: 503, phrase: 'Backup in progress', auditId: 3609, level: 'INFO' },
  backupFailed: { status: 500, phrase: 'Backup failed', auditId: 3609, level: 'WARNING' },
  imageUnreadable: { status: 500, phrase: 'Backup failed', auditId: 3610, level: 'WARNING' },
  noClusterList: { status: 500, phrase: 'Cannot find node', auditId: 3612, level: 'WARNING' },
  noSuchNode: { status: 400, phrase: 'No such node', auditId: 3613, level: 'WARNING' },
  routingFailed: { status: 500, phrase: 'Routing failed', auditId: 3616, level: 'WARNING' },
  defect: { status: 500, phrase: 'Internal error', auditId: 3609, level: 'WARNING' },
} as const satisfies Readonly<Record<string, Outcome>>;
