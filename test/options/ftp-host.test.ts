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
  ['host_name.', 'host_name.', undefined],
  ['bücher.example', 'bücher.example', undefined],
  ['[::1]', '::1', undefined],
  ['[::1]:2121', '::1', 2121],
  ['ftp://[fe80::1%eth0]:21', 'fe80::1%eth0', 21],
  ['::1', '::1', undefined],
  ['2001:db8::5', '2001:db8::5', undefined],
  [' padded.example ', 'padded.example', undefined],
];

for (const [text, host, port] of accepted) {
  test(`'${text}' is host ${host} and port ${String(port)}`, () => {
    assert.deepEqual(parseFtpHost(text), { host, port });
  });
}

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
  ['host:-1', 'bad-port'],
  ['[::1]:x', 'bad-port'],
  ['host/folder', 'bad-host'],
  ['ftp://host/folder', 'bad-host'],
  ['-host', 'bad-host'],
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
        assert.match(error.message, /-ftp_host/);
        assert.doesNotMatch(error.message, /canary/);
        return true;
      },
    );
  });
}
