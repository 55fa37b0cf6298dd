import { BackupError } from '../errors.js';

/**
 * Where an FTP server listens.
 *
 * @internal
 */
export interface FtpHost {
  /** A host name or an address; IPv6 without its brackets. */
  readonly host: string;
  /** `undefined` where the text names none; the default is 21. */
  readonly port: number | undefined;
}

/**
 * Reads the value of `-ftp_host`: `host[:port]`, IPv6 in brackets when a port follows, a leading `ftp://` tolerated.
 *
 * @throws BackupError `INVALID_OPTIONS`; its message never repeats what may hold a password.
 * @internal
 */
export function parseFtpHost(text: string): FtpHost {
  const address = withoutScheme(text.trim());
  if (address.includes('@')) {
    throw invalid(
      'user-information-in-host',
      'must not hold a user or a password: give them with -ftp_user and -ftp_pass',
    );
  }
  const [, bracketed, plain, port] = /^(?:\[([^[\]]*)\]|([^[\]]*?))(?::([^:]*))?$/.exec(address) ?? [];
  // Two colons or more without brackets: an IPv6 address on its own.
  if (bracketed === undefined && address.split(':').length > 2)
    return { host: checkedIpv6(address), port: undefined };
  if (bracketed !== undefined) return { host: checkedIpv6(bracketed), port: checkedPort(port) };
  return { host: checkedName(plain ?? address), port: checkedPort(port) };
}

function withoutScheme(text: string): string {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text);
  if (match === null) return text;
  const scheme = match[1]!.toLowerCase();
  if (scheme === 'ftps') {
    throw invalid(
      'ftps-refused',
      'starts with ftps://, but images are sent by plain FTP, which does not encrypt: name the host without ftps:// if that is acceptable on this network, or store the image locally',
    );
  }
  if (scheme !== 'ftp') {
    throw invalid('unknown-protocol', 'names a protocol other than FTP: give host or host:port');
  }
  return match[2]!.replace(/\/$/, '');
}

function checkedName(name: string): string {
  if (name === '') throw invalid('host-missing', 'names no host');
  if (name.includes('/')) {
    throw invalid('bad-host', 'must not hold a path: the folder on the server belongs into -image');
  }
  if (
    name.length > 253 ||
    name.includes('\u00ff') ||
    !/^[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_.-]*[\p{L}\p{M}\p{N}_.])?$/u.test(name) ||
    name.includes('..')
  ) {
    throw invalid('bad-host', 'is not a host name or an address');
  }
  return name;
}

function checkedIpv6(address: string): string {
  if (address.length > 64 || !/^(?=.*:)[0-9a-f:.]+(?:%[\w.-]+)?$/i.test(address)) {
    throw invalid('bad-host', 'is not an IPv6 address; write it as [address] or [address]:port');
  }
  return address;
}

function checkedPort(port: string | undefined): number | undefined {
  if (port === undefined) return undefined;
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65535) {
    throw invalid('bad-port', 'has a bad port: a number from 1 to 65535 must follow the colon');
  }
  return number;
}

function invalid(reason: string, problem: string): BackupError {
  return new BackupError('INVALID_OPTIONS', `The FTP host (-ftp_host, option ftp.host) ${problem}.`, {
    stage: 'options',
    reason,
  });
}
