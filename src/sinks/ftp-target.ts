import { BackupError } from '../errors.js';
import type { FtpOptions } from '../options/backup-options.js';
import { parseFtpHost } from '../options/ftp-host.js';

/** Where on which server an image goes, checked. */
export interface FtpTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** As given, without the file part; empty for the login folder. */
  readonly folder: string;
}

/**
 * Checks everything that will be sent to the server, before a connection is opened.
 *
 * @throws BackupError `INVALID_OPTIONS` that names the option and the switch, and never the value.
 */
export function ftpTarget(options: FtpOptions & { readonly remotePath: string }): FtpTarget {
  const { host, port } = parseFtpHost(options.host);
  const explicitPort = options.port ?? port ?? 21;
  if (!Number.isInteger(explicitPort) || explicitPort < 1 || explicitPort > 65535) {
    throw invalid(
      'The FTP port (-ftp_host, option ftp.port)',
      'bad-port',
      'must be a number from 1 to 65535',
    );
  }
  checkText(options.user, 'The FTP user (-ftp_user, option ftp.user)', 'bad-user');
  if (options.user === '' || /^[\s-]/.test(options.user)) {
    throw invalid(
      'The FTP user (-ftp_user, option ftp.user)',
      'bad-user',
      'is empty, or starts with a space or a dash',
    );
  }
  if (typeof options.password === 'string') checkPassword(options.password);
  checkRemotePath(options.remotePath);
  const folder = options.remotePath.slice(0, options.remotePath.lastIndexOf('/') + 1);
  return {
    host,
    port: explicitPort,
    user: options.user,
    folder: folder.length > 1 ? folder.slice(0, -1) : folder,
  };
}

/** A password may hold anything that a command line of FTP can carry. */
export function checkPassword(password: string): void {
  checkText(password, 'The FTP password (-ftp_pass, option ftp.password)', 'bad-password');
}

/** Also for the stamped name, to which the temporary suffix is added. */
export function checkImageName(name: string): void {
  checkRemotePath(name);
  if (name.includes('/'))
    throw invalid(imageOption, 'bad-image-name', 'must not hold a slash in its file part');
}

/** `ftp://host[:port]/path`, as `curl` takes it: a path from the server's root gets a second slash. */
export function ftpAddress(target: FtpTarget, name: string): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const port = target.port === 21 ? '' : `:${target.port}`;
  const path = target.folder === '' ? name : `${target.folder === '/' ? '' : target.folder}/${name}`;
  return `ftp://${host}${port}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

const imageOption = 'The image (-image, option image)';
// Room for the temporary suffix below the 255 bytes that file systems allow.
const longestSegmentBytes = 255 - 16;
const longestPathBytes = 1024;
const longestTextBytes = 512;

function checkRemotePath(path: string): void {
  checkText(path, imageOption, 'bad-image-name', longestPathBytes);
  const segments = path.split('/');
  if (segments.at(-1) === '') throw invalid(imageOption, 'bad-image-name', 'names no file on the FTP server');
  for (const segment of segments) {
    if (segment === '..') throw invalid(imageOption, 'bad-image-name', 'must not hold .. in its path');
    if (/^[\s-]/.test(segment)) {
      throw invalid(imageOption, 'bad-image-name', 'must not have a part that starts with a space or a dash');
    }
    if (Buffer.byteLength(segment) > longestSegmentBytes) {
      throw invalid(imageOption, 'bad-image-name', `has a part longer than ${longestSegmentBytes} bytes`);
    }
  }
}

function checkText(text: string, what: string, reason: string, longestBytes = longestTextBytes): void {
  // NUL, CR and LF end a command, U+00FF is Telnet's escape where a server reads Latin-1, and half a surrogate pair
  // would be sent as another character.
  if (/[\0\r\n\u00ff]|\p{Surrogate}/u.test(text)) {
    throw invalid(what, reason, 'holds a character that FTP cannot carry: NUL, CR, LF or U+00FF');
  }
  if (Buffer.byteLength(text) > longestBytes)
    throw invalid(what, reason, `is longer than ${longestBytes} bytes`);
}

function invalid(what: string, reason: string, problem: string): BackupError {
  return new BackupError('INVALID_OPTIONS', `${what} ${problem}.`, { stage: 'options', reason });
}
