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
    assert.equal(error.stage, 'options');
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

const refused: readonly [string, unknown, RegExp, string][] = [
  ['options that are text', 'node1.zip', /options must be an object/, 'wrong-type'],
  ['no options', null, /options must be an object/, 'wrong-type'],
  ['no image', {}, /^The image file is missing: give -image \(option image\)/, 'missing'],
  ['an empty image', { image: '' }, /-image \(option image\) is empty/, 'missing'],
  ['an image that is no text', { image: 7 }, /-image \(option image\) must be a text/, 'wrong-type'],
  ['an image with a NUL', { image: 'a\0b' }, /-image .* NUL/, 'wrong-value'],
  [
    'an unknown option',
    { image, includeAudit: true },
    /Unknown option includeAudit\. Known are: image, /,
    'unknown-option',
  ],
  [
    'a flag that is no boolean',
    { image, os: 'yes' },
    /-os \(option os\) must be true or false/,
    'wrong-type',
  ],
  ['a component with a bad name', { image, components: ['../x'] }, /components: "\.\.\/x"/, 'wrong-value'],
  ['a component with a bad end', { image, components: ['a b'] }, /components: "a b"/, 'wrong-value'],
  ['a component that is no text', { image, components: [7] }, /components: 7/, 'wrong-value'],
  ['components that are no list', { image, components: 'own' }, /components must be an array/, 'wrong-type'],
  ['components that are an object', { image, components: {} }, /components must be an array/, 'wrong-type'],
  ['an FTP server that is a text', { image, ftp: 'ftp://x' }, /Option ftp must be an object/, 'wrong-type'],
  ['an FTP server that is null', { image, ftp: null }, /Option ftp must be an object/, 'wrong-type'],
  ['an FTP server that is a list', { image, ftp: [] }, /Option ftp must be an object/, 'wrong-type'],
  ['an unknown part of an FTP server', { image, ftp: { hostname: 'x' } }, /ftp\.hostname/, 'unknown-option'],
  [
    'an FTP password that is none',
    { image, ftp: { host: 'x', user: 'y', password: 5 } },
    /Option ftp\.password must/,
    'wrong-value',
  ],
  ['a component that only prints like one', { image, components: [['site']] }, /components: /, 'wrong-value'],
  [
    'a template that is no text',
    { image, mappingTemplate: 7 },
    /-it \(option mappingTemplate\)/,
    'wrong-type',
  ],
  [
    'a host that is no text',
    { image, ftp: { ...ftp, host: 7 } },
    /-ftp_host \(option ftp\.host\)/,
    'wrong-type',
  ],
  [
    'a user that is no text',
    { image, ftp: { ...ftp, user: 7 } },
    /-ftp_user \(option ftp\.user\)/,
    'wrong-type',
  ],
  ['port 0', { image, ftp: { ...ftp, port: 0 } }, /0 is not a port/, 'bad-port'],
  ['half a port', { image, ftp: { ...ftp, port: 21.5 } }, /21\.5 is not a port/, 'bad-port'],
  [
    'FTP without a password',
    { image, ftp: { ...ftp, password: undefined } },
    /-ftp_pass \(option ftp\.password\) is missing/,
    'missing',
  ],
  [
    'FTP without a user',
    { image, ftp: { ...ftp, user: undefined } },
    /-ftp_user \(option ftp\.user\) is missing/,
    'missing',
  ],
  [
    'FTP without a host',
    { image, ftp: { ...ftp, host: undefined } },
    /-ftp_host \(option ftp\.host\) is missing/,
    'missing',
  ],
  [
    'FTP with a host alone',
    { image, ftp: { host: 'h' } },
    /-ftp_user .* and -ftp_pass .* are missing/,
    'missing',
  ],
  ['a port beyond 65535', { image, ftp: { ...ftp, port: 65_536 } }, /65536 is not a port/, 'bad-port'],
  ['a port in the host that is none', { image, ftp: { ...ftp, host: 'h:0' } }, /-ftp_host/, 'bad-port'],
  ['ftps', { image, ftp: { ...ftp, host: 'ftps://h' } }, /ftps/, 'ftps-refused'],
];
for (const [what, options, message, reason] of refused) {
  test(`${what} is refused, naming the option`, () => {
    const refused = refusal(options);
    assert.match(refused.message, message);
    assert.equal(refused.reason, reason);
  });
}

test('FTP without anything is no FTP', () => {
  for (const nothing of [{}, { port: 21 }, { host: undefined, user: undefined, password: undefined }])
    assert.equal(resolveOptions({ image, ftp: nothing as typeof ftp }).ftp, undefined);
});

test('the first and the last port are ports', () => {
  for (const port of [1, 65_535])
    assert.equal(resolveOptions({ image, ftp: { ...ftp, port } }).ftp?.port, port);
});

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
