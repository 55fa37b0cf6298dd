import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBackupError, type BackupOptions } from 'gateway-backup';
import { resolveOptions } from '#dist/options/resolve-options.js';
import { switchTable } from '#dist/options/switches.js';

const image = 'node1.zip';
const ftp = { host: 'ftp.example', user: 'operator', password: 'canary-password' };

function refusal(options: unknown): { message: string; reason: string | undefined } {
  try {
    resolveOptions(options as BackupOptions);
  } catch (error) {
    assert.ok(isBackupError(error), String(error));
    assert.equal(error.code, 'INVALID_OPTIONS');
    assert.ok(!error.message.includes('canary'), error.message);
    return { message: error.message, reason: error.reason };
  }
  assert.fail('nothing was refused');
}

test('options are copied, completed and frozen, and the caller’s object is left alone', () => {
  const given = Object.freeze({ image, ftp: Object.freeze({ ...ftp }) });
  const resolved = resolveOptions(given);
  assert.deepEqual(
    { ...resolved, selected: [...resolved.selected] },
    {
      image,
      includeAudits: false,
      mappingTemplate: undefined,
      verbose: false,
      haltOnFirstFailure: false,
      ftp: { host: 'ftp.example', port: 21, user: 'operator', password: 'canary-password' },
      kind: 'standard',
      selected: [],
      esm: false,
    },
  );
  assert.ok(Object.isFrozen(resolved) && Object.isFrozen(resolved.ftp));
});

const refused: readonly [string, unknown, RegExp][] = [
  ['no options', null, /options must be an object/],
  ['no image', {}, /-image \(option image\)/],
  ['an empty image', { image: '' }, /-image \(option image\) is empty/],
  ['an image that is no text', { image: 7 }, /-image \(option image\) must be a text/],
  ['an image with a NUL', { image: 'a\0b' }, /-image .* NUL/],
  ['an unknown option', { image, includeAudit: true }, /Unknown option includeAudit\. Known are: image/],
  ['a flag that is no boolean', { image, os: 'yes' }, /-os \(option os\) must be true or false/],
  ['a component with a bad name', { image, components: ['../x'] }, /components: "\.\.\/x"/],
  [
    'FTP without a password',
    { image, ftp: { ...ftp, password: undefined } },
    /-ftp_pass \(option ftp\.password\) is missing/,
  ],
  [
    'FTP without a user',
    { image, ftp: { ...ftp, user: undefined } },
    /-ftp_user \(option ftp\.user\) is missing/,
  ],
  [
    'FTP without a host',
    { image, ftp: { ...ftp, host: undefined } },
    /-ftp_host \(option ftp\.host\) is missing/,
  ],
  ['FTP with a host alone', { image, ftp: { host: 'h' } }, /-ftp_user .* and -ftp_pass .* are missing/],
  ['a port beyond 65535', { image, ftp: { ...ftp, port: 65_536 } }, /65536 is not a port/],
  ['a port in the host that is none', { image, ftp: { ...ftp, host: 'h:0' } }, /-ftp_host/],
  ['ftps', { image, ftp: { ...ftp, host: 'ftps://h' } }, /ftps/],
];
for (const [what, options, message] of refused) {
  test(`${what} is refused, naming the option`, () => {
    assert.match(refusal(options).message, message);
  });
}

test('a port in the host is taken, and the option port wins over it', () => {
  assert.equal(resolveOptions({ image, ftp: { ...ftp, host: 'ftp://h:2121' } }).ftp?.port, 2121);
  assert.equal(resolveOptions({ image, ftp: { ...ftp, host: 'h:2121', port: 99 } }).ftp?.port, 99);
  assert.equal(resolveOptions({ image, ftp: { ...ftp, host: '[::1]:2121' } }).ftp?.host, '::1');
});

test('exactly the switches that are said to make a backup custom do so', () => {
  for (const [option, row] of Object.entries(switchTable)) {
    if (row.value !== null) continue;
    assert.equal(resolveOptions({ image, [option]: true }).kind, row.custom ? 'custom' : 'standard', option);
    assert.equal(resolveOptions({ image, [option]: false }).kind, 'standard', option);
  }
});

test('a brought component makes a backup custom, naming esm there does not', () => {
  assert.equal(resolveOptions({ image, components: ['licence'] }).kind, 'custom');
  const { kind, esm } = resolveOptions({ image, components: ['esm'] });
  assert.deepEqual({ kind, esm }, { kind: 'standard', esm: true });
});
