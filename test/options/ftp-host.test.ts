import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBackupError } from 'gateway-backup';
import { parseFtpHost } from '#dist/options/ftp-host.js';

const accepted: readonly (readonly [string, string, number | undefined])[] = [
  ['backup.example.com', 'backup.example.com', undefined],
  ['backup.example.com:2121', 'backup.example.com', 2121],
  ['ftp://backup.example.com', 'backup.example.com', undefined],
  ['FTP://backup.example.com:21/', 'backup.example.com', 21],
  ['10.0.0.5:65535', '10.0.0.5', 65535],
  ['10.0.0.5:1', '10.0.0.5', 1],
  [`${'x'.repeat(251)}.y`, `${'x'.repeat(251)}.y`, undefined],
  ['host_name.', 'host_name.', undefined],
  ['bücher.example', 'bücher.example', undefined],
  ['[::1]', '::1', undefined],
  ['[::1]:2121', '::1', 2121],
  ['ftp://[fe80::1%eth0]:21', 'fe80::1%eth0', 21],
  ['::1', '::1', undefined],
  ['2001:db8::5', '2001:db8::5', undefined],
  [' padded.example ', 'padded.example', undefined],
  [`fe80::1%${'x'.repeat(56)}`, `fe80::1%${'x'.repeat(56)}`, undefined],
];

for (const [text, host, port] of accepted) {
  test(`'${text}' is host ${host} and port ${String(port)}`, () => {
    assert.deepEqual(parseFtpHost(text), { host, port });
  });
}

/** What a message says, by reason: a user has nothing else to go by. */
const says: Readonly<Record<string, RegExp>> = {
  'ftps-refused': /starts with ftps:\/\//,
  'unknown-protocol': /names a protocol other than FTP/,
  'user-information-in-host': /give them with -ftp_user and -ftp_pass/,
  'host-missing': /names no host/,
  'bad-port': /a number from 1 to 65535/,
  'bad-host': /is not a host name|must not hold a path|is not an IPv6 address; write it as/,
};

const refused: readonly (readonly [string, string])[] = [
  ['ftps://backup.example.com', 'ftps-refused'],
  ['FTPS://backup.example.com:990', 'ftps-refused'],
  ['sftp://backup.example.com', 'unknown-protocol'],
  ['http://backup.example.com', 'unknown-protocol'],
  ['bob:canary@backup.example.com', 'user-information-in-host'],
  ['ftp://bob:canary@backup.example.com', 'user-information-in-host'],
  ['', 'host-missing'],
  [':21', 'host-missing'],
  ['ftp://', 'host-missing'],
  ['host:', 'bad-port'],
  ['host:0', 'bad-port'],
  ['host:65536', 'bad-port'],
  ['host:21x', 'bad-port'],
  ['host:x21', 'bad-port'],
  ['host:123456', 'bad-port'],
  ['host:-1', 'bad-port'],
  ['[::1]:x', 'bad-port'],
  ['host/folder', 'bad-host'],
  ['ftp://host/folder', 'bad-host'],
  ['ftp://host\nx', 'bad-port'],
  ['x ftp://host', 'bad-host'],
  ['-host', 'bad-host'],
  ['host-', 'bad-host'],
  [`fe80::1%${'x'.repeat(57)}`, 'bad-host'],
  ['ho st', 'bad-host'],
  ['ho\r\nst', 'bad-host'],
  ['ho\0st', 'bad-host'],
  ['ho\u00ffst', 'bad-host'],
  ['a..b', 'bad-host'],
  ['[host]', 'bad-host'],
  ['[::1', 'bad-host'],
  ['::1]', 'bad-host'],
  ['x'.repeat(4096), 'bad-host'],
  ['1:2:x', 'bad-host'],
];

for (const [text, reason] of refused) {
  test(`${JSON.stringify(text.slice(0, 40))} is refused as ${reason}`, () => {
    assert.throws(
      () => parseFtpHost(text),
      (error) => {
        assert.ok(isBackupError(error));
        assert.equal(error.code, 'INVALID_OPTIONS');
        assert.equal(error.reason, reason);
        assert.equal(error.stage, 'options');
        assert.match(error.message, /-ftp_host/);
        assert.match(error.message, says[reason]!);
        assert.equal(error.message.includes('path'), /\w\/\w/.test(text), 'a path is told as such');
        assert.doesNotMatch(error.message, /canary/);
        return true;
      },
    );
  });
}
