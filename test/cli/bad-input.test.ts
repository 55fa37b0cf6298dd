import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { SampleGateway, SampleGatewayOptions } from 'gateway-backup/testing';
import { giveToNobody } from '../support/as-nobody.js';
import { startSampleNode, type SampleNode } from '../support/sample-node.js';
import { ssgbackup } from '../support/ssgbackup.js';

interface Place {
  readonly folder: string;
  readonly gateway: SampleGateway;
}

interface BadInput {
  readonly what: string;
  /** Below the folder that is given to it, `node1.zip` unless it says otherwise. */
  readonly image?: string;
  readonly args?: (place: Place) => string[];
  readonly gateway?: SampleGatewayOptions;
  readonly prepare?: (place: Place) => Promise<unknown>;
  /** Runs without the rights of root. */
  readonly unprivileged?: true;
  readonly kind: 'Backup invalid argument' | 'Backup failed';
  readonly message: RegExp;
}

const conf = 'opt/SecureSpan/Gateway/node/default/etc/conf';
const invalid = 'Backup invalid argument';

const table: readonly BadInput[] = [
  { what: 'no arguments at all', args: () => [], kind: invalid, message: /-image \(option image\)/ },
  {
    what: 'an unknown switch',
    args: () => ['-iamge', 'x'],
    kind: invalid,
    message: /Unknown switch "-iamge"/,
  },
  {
    what: 'a switch in another case',
    args: () => ['-Image', 'x'],
    kind: invalid,
    message: /Unknown switch "-Image"/,
  },
  { what: 'a stray value', args: () => ['-image', 'x', 'y'], kind: invalid, message: /"y" does not belong/ },
  { what: 'a missing value', args: () => ['-image'], kind: invalid, message: /-image needs a value/ },
  {
    what: 'FTP switches that are not complete',
    args: () => ['-image', 'x', '-ftp_host', 'h'],
    kind: invalid,
    message: /-ftp_user .*-ftp_pass/,
  },
  {
    what: 'a bad FTP port',
    args: () => ['-image', 'x', '-ftp_host', 'h:0', '-ftp_user', 'u', '-ftp_pass', 'canary'],
    kind: invalid,
    message: /-ftp_host/,
  },
  {
    what: 'ftps',
    args: () => ['-image', 'x', '-ftp_host', 'ftps://h', '-ftp_user', 'u', '-ftp_pass', 'canary'],
    kind: invalid,
    message: /ftps/,
  },
  { what: 'a bad level', args: () => ['-image', 'x', '--level', '10'], kind: invalid, message: /--level/ },
  {
    what: 'a password file that is missing',
    args: () => ['-image', 'x', '--db-password-file', '/nonexistent'],
    kind: invalid,
    message: /--db-password-file: \/nonexistent/,
  },
  {
    what: 'a version that is none',
    args: ({ folder, gateway }) => [
      '-image',
      join(folder, 'x'),
      '--root',
      gateway.gatewayRoot,
      '--gateway-version',
      '../9',
    ],
    kind: invalid,
    message: /--gateway-version/,
  },
  {
    what: 'no gateway below the root',
    args: ({ folder }) => ['-image', join(folder, 'x'), '--root', folder],
    kind: invalid,
    message: /must be correctly configured before it can be backed up.*Container Gateways/s,
  },
  {
    what: 'node.properties without a database',
    gateway: { files: { [`${conf}/node.properties`]: 'node.id=1\n' } },
    kind: invalid,
    message: /names no main database/,
  },
  {
    what: 'node.properties with a bad escape',
    gateway: { files: { [`${conf}/node.properties`]: 'a=\\u00zz\n' } },
    kind: invalid,
    message: /not valid: malformed .*line 1/,
  },
  {
    what: 'node.properties that is unreadable',
    unprivileged: true,
    prepare: ({ gateway }) => chmod(gateway.hostPath(conf, 'node.properties'), 0),
    kind: invalid,
    message: /node\.properties cannot be read \(EACCES\)/,
  },
  {
    what: 'an image that exists',
    prepare: ({ folder }) => writeFile(join(folder, 'node1.zip'), ''),
    kind: invalid,
    message: /-image .*node1\.zip exists already/,
  },
  {
    what: 'an image name that is a link',
    prepare: ({ folder }) => symlink('/nonexistent', join(folder, 'node1.zip')),
    kind: invalid,
    message: /-image .*exists already/,
  },
  {
    what: 'an image name that is a folder',
    prepare: ({ folder }) => mkdir(join(folder, 'node1.zip')),
    kind: invalid,
    message: /-image .*is a folder; add a file name/,
  },
  {
    what: 'an image name that ends in a separator',
    image: 'sub/',
    kind: invalid,
    message: /-image .*is a folder/,
  },
  {
    what: 'a folder that is missing',
    image: 'missing/node1.zip',
    kind: invalid,
    message: /-image .*missing does not exist/,
  },
  {
    what: 'a folder that is a file',
    image: 'file/node1.zip',
    prepare: ({ folder }) => writeFile(join(folder, 'file'), ''),
    kind: invalid,
    message: /-image .*file is not a folder/,
  },
  {
    what: 'a folder that cannot be written to',
    unprivileged: true,
    prepare: ({ folder }) => chmod(folder, 0o500),
    kind: invalid,
    message: /-image .*cannot be written to \(EACCES\)/,
  },
  {
    what: 'a mapping template that exists',
    args: standard('-it', 'taken.xml'),
    prepare: ({ folder }) => writeFile(join(folder, 'taken.xml'), ''),
    kind: invalid,
    message: /-it .*taken\.xml exists already/,
  },
  {
    what: 'a mapping template in a missing folder',
    args: standard('-it', 'missing/t.xml'),
    kind: invalid,
    message: /-it .*missing does not exist/,
  },
  {
    what: 'no version to be found',
    gateway: {
      files: { 'opt/SecureSpan/Gateway/runtime/Gateway.jar': 'no zip' },
      database: { host: '192.0.2.1', port: 3306, user: 'u', password: 'canary' },
    },
    kind: invalid,
    message: /version cannot be found out.*--gateway-version/,
  },
];

function standard(option: string, file: string): (place: Place) => string[] {
  return ({ folder, gateway }) => [
    ...['-image', join(folder, 'node1.zip'), option, join(folder, file)],
    ...['--root', gateway.gatewayRoot, '--host-root', gateway.hostRoot],
  ];
}

describe('bad input', () => {
  let node: SampleNode;
  before(async () => {
    node = await startSampleNode();
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
  });

  for (const row of table) {
    test(`${row.what}: a clear message, and nothing has been touched`, async () => {
      const gateway = await node.gateway(row.gateway);
      const folder = await mkdtemp(join(tmpdir(), 'bad-input-'));
      try {
        const place = { folder, gateway };
        giveToNobody(gateway.hostRoot);
        giveToNobody(folder);
        await row.prepare?.(place);
        const before = await listing(place);
        const args = row.args?.(place) ?? [
          ...['-image', `${folder}/${row.image ?? 'node1.zip'}`],
          ...['--root', gateway.gatewayRoot, '--host-root', gateway.hostRoot],
        ];
        const result = await ssgbackup(args, {
          cwd: folder,
          unprivileged: row.unprivileged,
          env: { TMPDIR: folder },
        });
        assert.equal(result.status, 1, result.stderr);
        assert.equal(result.stdout, '');
        const start = result.stderr.indexOf(`\n${row.kind}: `);
        assert.notEqual(start, -1, result.stderr);
        assert.match(result.stderr.slice(start), row.message);
        assert.equal(/^Usage: ssgbackup/m.test(result.stderr), row.kind === invalid);
        assert.ok(!result.stderr.includes('canary'), 'a password was printed');
        assert.ok(!/ at .*\.js:\d+/.test(result.stderr), 'a stack trace was printed');
        assert.deepEqual(await listing(place), before);
      } finally {
        await chmod(folder, 0o700);
        await gateway.remove();
        await rm(folder, { recursive: true, force: true });
      }
    });
  }

  const databases: readonly [string, SampleGatewayOptions['database'] & object, RegExp][] = [
    [
      'a wrong password',
      { host: '127.0.0.1', port: 0, user: 'gateway', password: 'canary-wrong' },
      /refused the login/,
    ],
    [
      'an unknown database',
      { host: '127.0.0.1', port: 0, user: 'gateway', password: 'canary-Db-1', name: 'other' },
      /"other"/,
    ],
    [
      'a database that is down',
      { host: '127.0.0.1', port: 1, user: 'gateway', password: 'canary' },
      /127\.0\.0\.1:1|refused|port 1/,
    ],
  ];
  for (const [what, database, reason] of databases) {
    test(`${what}: the component fails by name, and with -halt there is no image`, async () => {
      const gateway = await node.gateway({
        database: { ...database, port: database.port || node.login.port },
      });
      const folder = await mkdtemp(join(tmpdir(), 'bad-input-'));
      try {
        const roots = ['--root', gateway.gatewayRoot, '--host-root', gateway.hostRoot];
        const image = ['-image', join(folder, 'node1.zip')];
        const halted = await ssgbackup([...image, '-halt', ...roots]);
        assert.equal(halted.status, 1, halted.stderr);
        assert.match(halted.stderr, /\nBackup failed: maindb: /);
        assert.match(halted.stderr, reason);
        assert.deepEqual(await readdir(folder), []);
        const partial = await ssgbackup([...image, ...roots, '-v']);
        assert.equal(partial.status, 2, partial.stderr);
        assert.match(
          partial.stdout,
          /\nBackup of Gateway image partially succeeded\.\nFailed component: maindb\nImage: /,
        );
        assert.match(partial.stdout, reason);
        assert.ok(
          !`${halted.stderr}${partial.stdout}${partial.stderr}`.includes('canary'),
          'a password was printed',
        );
      } finally {
        await gateway.remove();
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});

async function listing({ folder, gateway }: Place): Promise<string[]> {
  const names = await Promise.all(
    [folder, gateway.hostRoot].map(async (root) => readdir(root, { recursive: true })),
  );
  return names.flat().sort();
}
