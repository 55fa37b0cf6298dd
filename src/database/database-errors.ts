import { BackupError, isBackupError } from '../errors.js';

/** What a driver or a socket throws, as far as it is looked at. */
interface DriverError {
  readonly code?: string | undefined;
  readonly errno?: number | undefined;
  readonly message?: string | undefined;
}

interface Verdict {
  readonly reason: string;
  readonly text: string;
  readonly hint?: string;
  /** Worth another attempt within seconds. */
  readonly transient?: boolean;
}

/** Where a connection leads, for messages. Never holds a password. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly socketPath?: string | undefined;
}

const unavailable: Readonly<Record<string, Verdict>> = {
  ECONNREFUSED: {
    reason: 'connection-refused',
    text: 'refused the connection',
    hint: 'Is the database server running, and is the port right?',
    transient: true,
  },
  ENOTFOUND: {
    reason: 'host-unknown',
    text: 'cannot be found: its name does not resolve',
    hint: 'Check node.db.config.main.host in node.properties.',
  },
  EAI_AGAIN: {
    reason: 'host-unknown',
    text: 'cannot be found: the name server does not answer',
    transient: true,
  },
  ETIMEDOUT: {
    reason: 'connect-timeout',
    text: 'did not answer in time',
    hint: 'Raise connectTimeoutMs if the server is slow; else look for a firewall.',
    transient: true,
  },
  EHOSTUNREACH: { reason: 'host-unreachable', text: 'cannot be reached', transient: true },
  ENETUNREACH: { reason: 'host-unreachable', text: 'cannot be reached', transient: true },
  ENOENT: { reason: 'socket-missing', text: 'has no such socket', hint: 'Is the server running?' },
  ENOTSOCK: { reason: 'socket-missing', text: 'has no such socket' },
  EACCES: { reason: 'socket-denied', text: 'has a socket that this user may not open' },
  EPERM: { reason: 'socket-denied', text: 'has a socket that this user may not open' },
  ECONNRESET: {
    reason: 'connection-lost',
    text: 'closed the connection before we were logged in',
    transient: true,
  },
  EPIPE: {
    reason: 'connection-lost',
    text: 'closed the connection before we were logged in',
    transient: true,
  },
  PROTOCOL_CONNECTION_LOST: {
    reason: 'connection-lost',
    text: 'closed the connection before we were logged in',
    transient: true,
  },
  HANDSHAKE_NO_SSL_SUPPORT: { reason: 'tls-unsupported', text: 'does not offer TLS, which was asked for' },
  HANDSHAKE_SSL_ERROR: {
    reason: 'tls-failed',
    text: 'could not agree with us on TLS',
    hint: 'Check the certificate authority, the name in the certificate and its dates.',
  },
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: {
    reason: 'auth-refused',
    text: 'asked for the password in clear text, which we refuse',
  },
  PROTOCOL_VIOLATION: { reason: 'protocol-violation', text: 'does not speak as a database server does' },
  AUTH_SWITCH_PLUGIN_ERROR: {
    reason: 'auth-refused',
    text: 'asked for a way to log in that we do not know or do not accept',
    hint: 'Over a network some ways to log in need TLS: set the option database.tls.',
  },
};

const unavailableByNumber: Readonly<Record<number, Verdict>> = {
  1040: {
    reason: 'too-many-connections',
    text: 'has no free connection',
    hint: 'Raise max_connections or try again later.',
    transient: true,
  },
  1203: { reason: 'too-many-connections', text: 'allows this user no more connections', transient: true },
  1226: { reason: 'too-many-connections', text: 'allows this user no more connections' },
  1044: {
    reason: 'access-denied',
    text: 'does not let this user use the database',
    hint: 'Check the rights of the user named in node.properties.',
  },
  1045: {
    reason: 'access-denied',
    text: 'refused the login',
    hint: 'Check user and password in node.properties. An account that requires TLS answers the same without TLS.',
  },
  1698: { reason: 'access-denied', text: 'refused the login' },
  1049: {
    reason: 'unknown-database',
    text: 'has no database of this name',
    hint: 'Check node.db.config.main.name in node.properties.',
  },
  1129: {
    reason: 'host-not-allowed',
    text: 'has blocked this machine after too many errors',
    hint: 'FLUSH HOSTS',
  },
  1130: { reason: 'host-not-allowed', text: 'takes no connections from this machine' },
  3118: { reason: 'account-locked', text: 'has locked the account' },
  4151: { reason: 'account-locked', text: 'has locked the account' },
  1820: { reason: 'password-expired', text: 'wants a new password for the account first' },
  1862: { reason: 'password-expired', text: 'wants a new password for the account first' },
  3159: {
    reason: 'tls-required',
    text: 'takes only encrypted connections',
    hint: 'Set the option database.tls.',
  },
  3032: { reason: 'server-offline', text: 'is offline for maintenance', transient: true },
  1053: { reason: 'server-shutdown', text: 'is shutting down', transient: true },
};

/** The error for a connection that could not be made. */
export function connectError(cause: unknown, address: DatabaseAddress): BackupError {
  const verdict = connectVerdict(cause);
  const { host, port, name, user, socketPath } = address;
  const where = socketPath ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new BackupError(
    'DATABASE_UNAVAILABLE',
    `The database server ${where} ${verdict.text} (database "${name}", user "${user}").`,
    {
      stage: 'collect',
      reason: verdict.reason,
      hint: verdict.hint,
      retryable: verdict.transient ?? false,
      cause,
    },
  );
}

/** The error for a question that the server refused or that broke. */
export function queryError(cause: unknown): BackupError {
  const { errno, message } = driverError(cause);
  switch (errno) {
    case 1142:
    case 1143:
    case 1370:
      return new BackupError('DATABASE_UNAVAILABLE', `The database user lacks a right: ${message}.`, {
        stage: 'collect',
        reason: 'select-denied',
        hint: 'Give the user all rights on its database.',
        cause,
      });
    case 1412:
      return dumpFailed(`A table was changed after the snapshot was taken.`, 'table-changed', {
        retryable: true,
        cause,
      });
    case 1146:
    case 1932:
      return dumpFailed(`A table is gone: ${message}.`, 'table-dropped', { retryable: true, cause });
    case 1205:
    case 1213:
      return dumpFailed(`A table stayed locked.`, 'table-locked', { retryable: true, cause });
    case 1317:
    case 3024:
    case 1969:
      return dumpFailed(`The server's administrator stopped our statement.`, 'statement-killed', { cause });
    case 1053:
    case 1927:
    case 2006:
    case 2013:
    case 4031:
      return connectionLost(cause);
    default:
      return dumpFailed(`The database server refused a question: ${message}.`, 'query-failed', { cause });
  }
}

/** The error for a connection that ended while it was in use. */
export function connectionLost(cause: unknown): BackupError {
  return dumpFailed(`The connection to the database was lost.`, 'connection-lost', {
    retryable: true,
    hint: 'Look into the error log of the database server: was it restarted, or was our connection killed?',
    cause,
  });
}

/** The error for whatever the driver reports of a connection in use: lost, or out of step with the server. */
export function brokenConnection(cause: unknown): BackupError {
  const { code, errno } = driverError(cause);
  if (errno !== undefined || code === 'PROTOCOL_CONNECTION_LOST') return connectionLost(cause);
  return dumpFailed("The database server's answer could not be read.", 'protocol-violation', { cause });
}

/** The same error, saying at which table it happened. */
export function atTable(error: unknown, table: string): unknown {
  if (!isBackupError(error) || !error.code.startsWith('DATABASE_') || error.message.includes(`"${table}"`))
    return error;
  const { code, message, stage, reason, retryable, hint } = error;
  return new BackupError(code, `Table "${table}": ${message}`, {
    stage,
    reason,
    retryable,
    hint,
    cause: error.cause,
  });
}

/** `DATABASE_DUMP_FAILED` with a reason. */
export function dumpFailed(
  message: string,
  reason: string,
  facts: {
    readonly retryable?: boolean | undefined;
    readonly hint?: string | undefined;
    readonly cause?: unknown;
  } = {},
): BackupError {
  return new BackupError('DATABASE_DUMP_FAILED', message, { stage: 'collect', reason, ...facts });
}

/** The server said nothing while we waited for it. */
export function serverSilent(idleTimeoutMs: number): BackupError {
  return dumpFailed(`The database server was silent for ${idleTimeoutMs} ms.`, 'idle-timeout', {
    hint: 'Raise idleTimeoutMs if the server is that slow.',
  });
}

/** One row would take more memory than is allowed. */
export function rowTooLarge(maxRowBytes: number): BackupError {
  return dumpFailed(`The database holds a row of more than ${maxRowBytes} bytes.`, 'row-too-large', {
    hint: 'Raise maxRowBytes if such rows are expected and there is memory for them.',
  });
}

/** The server does not keep to the protocol. */
export function protocolViolation(what: string): BackupError {
  return dumpFailed(`The database server ${what}.`, 'protocol-violation');
}

/** Our own mistake. */
export function sessionDefect(message: string, cause?: unknown): BackupError {
  return new BackupError('INTERNAL', message, { stage: 'collect', cause });
}

function connectVerdict(cause: unknown): Verdict {
  const { code, errno, message } = driverError(cause);
  // A Node system error has an errno too, a negative one.
  const byNumber = errno !== undefined && errno > 0 ? unavailableByNumber[errno] : undefined;
  // MariaDB 10.11 has no number of its own for require_secure_transport.
  if (errno === 1835 || code === 'ER_SECURE_TRANSPORT_REQUIRED') return unavailableByNumber[3159]!;
  return (
    byNumber ??
    unavailable[code ?? ''] ?? {
      reason: 'connect-failed',
      text: `cannot be used: ${message ?? 'unknown error'}`,
    }
  );
}

function driverError(cause: unknown): DriverError {
  return typeof cause === 'object' && cause !== null ? cause : {};
}
