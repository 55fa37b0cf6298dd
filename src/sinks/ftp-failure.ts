import { BackupError, isBackupError, type BackupErrorCode } from '../errors.js';
import type { FtpReply } from './ftp-connection.js';

/** The finer reason of an error of the FTP sink. */
export type FtpFailureReason =
  | 'host-unknown'
  | 'host-unreachable'
  | 'connection-refused'
  | 'connect-timeout'
  | 'server-busy'
  | 'login-refused'
  | 'folder-missing'
  | 'permission-denied'
  | 'name-taken'
  | 'quota-exceeded'
  | 'data-connection-failed'
  | 'data-address-refused'
  | 'connection-lost'
  | 'idle-timeout'
  | 'server-error'
  | 'size-mismatch'
  | 'reply-too-long'
  | 'protocol-error'
  | 'image-unreadable';

// What each reason means to a caller: the code, and whether the same call may succeed later without a change.
const meanings: Readonly<Record<FtpFailureReason, readonly [BackupErrorCode, boolean]>> = {
  'host-unknown': ['SINK_UNAVAILABLE', false],
  'host-unreachable': ['SINK_UNAVAILABLE', true],
  'connection-refused': ['SINK_UNAVAILABLE', true],
  'connect-timeout': ['SINK_UNAVAILABLE', true],
  'server-busy': ['SINK_UNAVAILABLE', true],
  'login-refused': ['SINK_REJECTED', false],
  'folder-missing': ['SINK_REJECTED', false],
  'permission-denied': ['SINK_REJECTED', false],
  'name-taken': ['SINK_REJECTED', false],
  'quota-exceeded': ['SINK_REJECTED', false],
  'data-connection-failed': ['SINK_FAILED', true],
  'data-address-refused': ['SINK_FAILED', false],
  'connection-lost': ['SINK_FAILED', true],
  'idle-timeout': ['SINK_FAILED', true],
  'server-error': ['SINK_FAILED', true],
  'size-mismatch': ['SINK_FAILED', true],
  'reply-too-long': ['SINK_FAILED', false],
  'protocol-error': ['SINK_FAILED', false],
  'image-unreadable': ['SINK_FAILED', false],
};

const hints: Partial<Readonly<Record<FtpFailureReason, string>>> = {
  'host-unknown': 'Check the spelling of -ftp_host, and that this machine can resolve it.',
  'host-unreachable': 'Check the network between this machine and the FTP server.',
  'connection-refused': 'Check that the FTP server runs and listens on this port.',
  'connect-timeout': 'Check the host, the port and the firewalls between this machine and the FTP server.',
  'login-refused': 'Check -ftp_user and -ftp_pass.',
  'folder-missing': 'Create the folder on the FTP server: a backup does not create it.',
  'permission-denied': 'Let this user write and rename in the folder on the FTP server.',
  'name-taken': 'Choose another image name: an image is never overwritten.',
  'quota-exceeded': 'Make room on the FTP server.',
  'data-connection-failed':
    'Passive data connections must reach the FTP server: check its passive port range.',
  'data-address-refused':
    'The FTP server must offer its own address for passive transfers; a server behind address translation needs its outer address configured, or EPSV.',
};

/**
 * The error for a failure of the FTP sink. Chosen by reply code and by what was going on, never by a message's text.
 */
export function ftpFailure(reason: FtpFailureReason, message: string, cause?: unknown): BackupError {
  const [code, retryable] = meanings[reason];
  return new BackupError(code, message, { stage: 'store', reason, retryable, hint: hints[reason], cause });
}

/** An error of a socket, or of a look-up, that came up while connecting or later. */
export function socketFailure(error: unknown, address: string, connected: boolean): BackupError {
  if (isBackupError(error)) return error;
  const code = String((error as NodeJS.ErrnoException | undefined)?.code);
  if (connected)
    return ftpFailure('connection-lost', `The connection to the FTP server ${address} was lost`, error);
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return ftpFailure('host-unknown', `The FTP host of ${address} is not known (${code})`, error);
    case 'ECONNREFUSED':
      return ftpFailure('connection-refused', `The FTP server ${address} refused the connection`, error);
    case 'ETIMEDOUT':
      return connectTimeout(address);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return ftpFailure('host-unreachable', `The FTP server ${address} cannot be reached (${code})`, error);
    default: {
      const message = `The FTP server ${address} closed the connection before it greeted`;
      return new BackupError('SINK_UNAVAILABLE', message, {
        stage: 'store',
        reason: 'connection-lost' satisfies FtpFailureReason,
        retryable: true,
        cause: error,
      });
    }
  }
}

/** The error when a server, or the way to it, swallows what is sent. */
export function connectTimeout(address: string): BackupError {
  return ftpFailure('connect-timeout', `The FTP server ${address} did not answer in time`);
}

/** The server answered a command with an error, or with something that is no answer to it. */
export function replyFailure(
  reply: FtpReply,
  doing: string,
  reasons: Readonly<Record<number, FtpFailureReason>> = {},
): BackupError {
  const reason = reasons[reply.code] ?? generalReason(reply.code);
  return ftpFailure(reason, `The FTP server failed to ${doing}: ${reply.text}`);
}

/** The same error with something more that its reader can do. */
export function withHint(error: BackupError, addition: string): BackupError {
  const { code, message, stage, reason, component, retryable, cause } = error;
  const hint = error.hint === undefined ? addition : `${error.hint} ${addition}`;
  const copy = new BackupError(code, message, { stage, reason, component, retryable, hint, cause });
  if (error.stack !== undefined) copy.stack = error.stack;
  return copy;
}

function generalReason(code: number): FtpFailureReason {
  if (code === 421) return 'server-busy';
  if (code === 425) return 'data-connection-failed';
  if (code === 426) return 'connection-lost';
  if (code === 452 || code === 552) return 'quota-exceeded';
  if (code === 530 || code === 532 || code === 550 || code === 553) return 'permission-denied';
  return code >= 400 && code < 500 ? 'server-error' : 'protocol-error';
}
