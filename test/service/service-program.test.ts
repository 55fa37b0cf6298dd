import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { connect as tlsConnect } from 'node:tls';
import { verifyImage } from 'gateway-backup';
import { openGatewayAccess, type GatewayAccess } from 'gateway-backup/service';
import { sampleNodes, type SampleGateway } from 'gateway-backup/testing';
import { GatewayFixture } from '../support/gateway-fixture.js';
import { ask, type Answer, type Question } from './support/ask.js';
import { TestAuthority, type TestCertificate } from './support/certificates.js';
import { until } from './support/service-fixture.js';
import { runService, ServiceProcess } from './support/service-process.js';

const admin = 'admin:sample-Admin-1';
const image = '/ssg/backup?node=Gateway1';
const run = promisify(execFile);

let fixture: GatewayFixture;
let gateway: SampleGateway;
let access: GatewayAccess;
let folder: string;
let authority: TestAuthority;
let certificate: TestCertificate;
let work: string;

before(async () => {
  fixture = await GatewayFixture.start();
  // Another node at an address of its own, where nobody listens.
  const nodes = [
    { ...sampleNodes[0], address: '127.0.0.1' },
    { ...sampleNodes[1], address: '127.0.0.2' },
  ];
  gateway = await fixture.gateway(await fixture.database({ nodes }));
  access = await openGatewayAccess({ gatewayRoot: gateway.gatewayRoot, hostRoot: gateway.hostRoot });
  folder = await fixture.folder();
  work = join(folder, 'work');
  await mkdir(work);
  authority = new TestAuthority(folder);
  certificate = authority.issue('server');
});

after(async () => {
  await access.close();
  await fixture.remove();
});

function config(changes: object = {}): object {
  const { gatewayRoot, hostRoot } = gateway;
  return {
    gatewayRoot,
    hostRoot,
    workDirectory: work,
    listen: { host: '127.0.0.1', port: 0, plainPort: 0 },
    tls: { certificate: certificate.certificateFile, key: certificate.keyFile },
    connectors: 'any',
    ...changes,
  };
}

async function auditIds(): Promise<readonly (readonly (string | null)[])[]> {
  return access.database.query(`
    SELECT d.message_id, m.user_name, m.ip_address, m.nodeid, s.action
      FROM audit_main m JOIN audit_system s ON s.goid = m.goid JOIN audit_detail d ON d.audit_goid = m.goid
     WHERE m.name = 'Backup Service' ORDER BY m.time, d.message_id`);
}

interface Row {
  readonly title: string;
  readonly question?: Omit<Question, 'port'>;
  readonly changes?: object;
  /** Table that is out of the way meanwhile. */
  readonly hidden?: string;
  readonly answer: string;
  readonly auditId: number | undefined;
}

const rows: readonly Row[] = [
  {
    title: 'no TLS',
    question: { path: image, plain: true, user: admin },
    answer: '403 SSL required',
    auditId: 3601,
  },
  { title: 'no credentials', question: { path: image }, answer: '401 Unauthorized', auditId: undefined },
  {
    title: 'a wrong password',
    question: { path: image, user: 'admin:wrong' },
    answer: '401 Bad credentials',
    auditId: 3602,
  },
  {
    title: 'an expired user',
    question: { path: image, user: 'expired-admin:sample-Admin-1' },
    answer: '401 Bad credentials',
    auditId: 3602,
  },
  {
    title: 'a certificate not presented',
    question: { path: image, user: 'certified:sample-Admin-1' },
    answer: '403 No client certificate',
    auditId: 3603,
  },
  {
    title: 'a port without administration',
    changes: { connectors: 'gateway' },
    answer: '403 Connector not enabled',
    auditId: 3605,
  },
  {
    title: 'no role',
    question: { path: image, user: 'operator:sample-Admin-1' },
    answer: '403 Not permitted',
    auditId: 3607,
  },
  {
    title: 'a role lookup that fails',
    hidden: 'rbac_role',
    answer: '500 Permission check failed',
    auditId: 3608,
  },
  {
    title: 'an unreadable cluster list',
    hidden: 'cluster_info',
    answer: '500 Cannot find node',
    auditId: 3612,
  },
  {
    title: 'an unknown node',
    question: { path: '/ssg/backup?node=gateway1', user: admin },
    answer: '400 No such node',
    auditId: 3613,
  },
  {
    title: 'a backup that cannot be made',
    changes: { workDirectory: '/dev/null/work' },
    answer: '500 Backup failed',
    auditId: 3609,
  },
  {
    title: 'routing that fails',
    question: { path: '/ssg/backup?node=Gateway2', user: admin },
    answer: '500 Routing failed',
    auditId: 3616,
  },
  { title: 'a backup', answer: '200 OK', auditId: 3600 },
  {
    title: 'a backup by the role of a group',
    question: { path: image, user: 'group-admin:sample-Admin-1' },
    answer: '200 OK',
    auditId: 3600,
  },
];

test('every check of the table gives its status, phrase and audit record', async (t) => {
  let shared: ServiceProcess | undefined;
  for (const { title, question = { path: image, user: admin }, changes, hidden, answer, auditId } of rows) {
    await t.test(`${title}: ${answer}`, async () => {
      await access.database.query("DELETE FROM audit_main WHERE name = 'Backup Service'");
      // A process of its own where the configuration differs, or where it must not know the list of nodes yet.
      const own =
        changes === undefined && hidden === undefined
          ? undefined
          : await ServiceProcess.start(folder, config(changes));
      const service = own ?? (shared ??= await ServiceProcess.start(folder, config()));
      try {
        if (hidden !== undefined) await access.database.query(`RENAME TABLE ${hidden} TO out_of_the_way`);
        const port = question.plain === true ? service.plainPort : service.port;
        const got = await ask({ port, ...question }).finally(async () => {
          if (hidden !== undefined) await access.database.query(`RENAME TABLE out_of_the_way TO ${hidden}`);
        });
        if (got.status === 200) await imageIsWhole(got);
        else assert.equal(got.text.split('\n')[0], answer);
        assert.equal(`${got.status} ${got.phrase}`, answer);
        const user = question.plain === true ? null : question.user?.split(':')[0];
        const expected =
          auditId === undefined
            ? []
            : [[String(auditId), user, '127.0.0.1', sampleNodes[0].nodeId, 'Backup']];
        for (let tries = 0; tries < 200 && (await auditIds()).length < expected.length; tries++);
        assert.deepEqual(await auditIds(), expected);
        assert.deepEqual(readdirSync(work), [], 'nothing is left in the work folder');
      } finally {
        await own?.[Symbol.asyncDispose]();
      }
    });
  }
  await shared?.[Symbol.asyncDispose]();
});

async function imageIsWhole({ body }: Answer): Promise<void> {
  const file = join(folder, 'downloaded.zip');
  writeFileSync(file, body);
  const { faults } = (await verifyImage(file)) as unknown as { faults: readonly unknown[] };
  assert.deepEqual(faults, []);
}

test('a certificate registered in the Gateway opens the door for its owner', async () => {
  const own = authority.issue('owner');
  const der = Buffer.from(own.certificate.replace(/-----[^-]*-----|\s/g, ''), 'base64').toString('base64');
  await access.database.query(
    "UPDATE client_cert SET cert = ?, thumbprint_sha1 = NULL WHERE login = 'certified'",
    [der],
  );
  await using service = await ServiceProcess.start(folder, config());
  const question = { port: service.port, path: image, user: 'certified:sample-Admin-1' };
  assert.equal((await ask({ ...question, clientCertificate: own })).status, 200);
  assert.equal((await ask({ ...question, clientCertificate: certificate })).status, 403);
});

test('wget and curl work as the documentation of the product uses them, from cron too', async () => {
  await using service = await ServiceProcess.start(folder, config());
  const home = await fixture.folder();
  const url = `https://localhost:${service.port}/ssg/backup`;
  writeFileSync(
    join(home, '.wgetrc'),
    `user = admin\npassword = sample-Admin-1\nca_certificate = ${authority.certificateFile}\n`,
    { mode: 0o600 },
  );
  writeFileSync(join(home, '.netrc'), 'machine localhost login admin password sample-Admin-1\n', {
    mode: 0o600,
  });
  const cron = (command: string) =>
    run('env', ['-i', `HOME=${home}`, 'PATH=/usr/bin:/bin', 'SHELL=/bin/sh', '/bin/sh', '-c', command], {
      cwd: home,
    });
  const fails = (command: string) =>
    cron(command).then(
      () => assert.fail('it succeeded'),
      (error: unknown) => (error as { code: number }).code,
    );

  await cron(`wget --tries=10 --output-file=backup.log ${url}?node=Gateway1`);
  await imageIsWhole({ body: readFileSync(join(home, 'backup?node=Gateway1')) } as Answer);
  await cron(
    `wget --tries=10 --output-file=audits.log --content-disposition '${url}?node=Gateway1&audits=true'`,
  );
  assert.ok(statSync(join(home, 'Gateway1.zip')).size > statSync(join(home, 'backup?node=Gateway1')).size);
  // 6: authentication failed; 8: the server answered with an error.
  assert.equal(await fails(`wget --tries=10 --output-file=e1.log --password=wrong ${url}?node=Gateway1`), 6);
  assert.equal(await fails(`wget --tries=10 --output-file=e2.log ${url}?node=Gateway9`), 8);
  assert.match(readFileSync(join(home, 'e2.log'), 'utf8'), /ERROR 400: No such node/);

  const curl = `curl --silent --show-error --fail --netrc --cacert ${authority.certificateFile}`;
  await cron(`${curl} --remote-name --remote-header-name '${url}?node=Gateway1' --output-dir ${folder}`);
  await imageIsWhole({ body: readFileSync(join(folder, 'Gateway1.zip')) } as Answer);
  assert.equal(await fails(`${curl} --output x.zip '${url}?node=Gateway9'`), 22);
  assert.ok(!existsSync(join(home, 'x.zip')));
  const { stdout } = await cron(
    `curl --silent --netrc --cacert ${authority.certificateFile} '${url}?node=Gateway9'`,
  );
  assert.equal(stdout, '400 No such node');
});

test('20 clients at once: one backup runs, the others get 503 with Retry-After within a second', async () => {
  // Large enough that the first backup still runs when the last client asks.
  const large = gateway.resolve('Gateway', 'runtime', 'lib', 'ext', 'large.dat');
  writeFileSync(large, '');
  truncateSync(large, 400_000_000);
  await using service = await ServiceProcess.start(folder, config());
  const { port } = service;
  // The first login pays for the password's hash.
  await ask({ port, user: admin });
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const begun = performance.now();
      const answer = await ask({ port, path: `${image}&audits=true`, user: admin });
      return { answer, tookMs: performance.now() - begun };
    }),
  );
  const refused = answers.filter(({ answer }) => answer.status === 503);
  assert.equal(answers.filter(({ answer }) => answer.status === 200).length, 1);
  assert.equal(refused.length, 19);
  assert.ok(
    refused.every(
      ({ answer }) => answer.headers['retry-after'] === '60' && answer.text === '503 Backup in progress',
    ),
  );
  console.log(`slowest refusal ${Math.max(...refused.map(({ tookMs }) => tookMs)).toFixed(0)} ms`);
  await until(() => readdirSync(work).length === 0);
  rmSync(large);
});

test('SIGHUP reads certificate and key again, and keeps the old ones when the new are unusable', async () => {
  const own = authority.issue('first');
  await using service = await ServiceProcess.start(
    folder,
    config({ tls: { certificate: own.certificateFile, key: own.keyFile }, logFolder: join(folder, 'hup') }),
  );
  const subject = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = tlsConnect({ host: '127.0.0.1', port: service.port, rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on('error', reject);
    });
  const log = (): string => readFileSync(join(folder, 'hup', 'gateway-backup-service0.log'), 'utf8');
  const next = authority.issue('second');
  writeFileSync(own.certificateFile, next.certificate);
  service.kill('SIGHUP');
  await until(() => log().includes('stay as they were'));
  assert.equal(await subject(), 'first');
  writeFileSync(own.keyFile, next.key);
  service.kill('SIGHUP');
  await until(() => log().includes('were read again'));
  assert.equal(await subject(), 'second');
});

test('SIGTERM ends it in good order with status 0, and the log is where the Gateway keeps its logs', async () => {
  await using service = await ServiceProcess.start(folder, config());
  assert.equal((await ask({ port: service.port, path: image, user: admin })).status, 200);
  service.kill('SIGTERM');
  assert.equal(await service.ended(), 0);
  assert.match(service.output, /Stopping by SIGTERM\.\nStopped\.\n$/);
  const logFile = gateway.resolve('Gateway', 'node', 'default', 'var', 'logs', 'gateway-backup-service0.log');
  const log = readFileSync(logFile, 'utf8');
  assert.match(log, /INFO 127\.0\.0\.1 admin 200 OK: The image of node Gateway1 was sent, \d+ bytes\./);
  assert.equal(statSync(logFile).mode & 0o777, 0o600);
  for (const secret of ['sample-Admin-1', fixture.login.password])
    assert.ok(!(log + service.output).includes(secret));
});

test('a configuration with mistakes is refused with every key named, and status 1', async () => {
  const file = join(folder, 'wrong.json');
  const wrong = {
    tls: { certificat: 'x' },
    listen: { port: '8443' },
    users: 'file',
    cluster: [{ name: 'a' }],
    odd: 1,
  };
  writeFileSync(file, JSON.stringify(wrong));
  const { status, stderr } = await runService(['--config', file]);
  assert.equal(status, 1);
  for (const key of [
    'tls.certificate',
    'tls.key',
    'tls.certificat ',
    'listen.port',
    'users',
    'cluster',
    'odd',
  ]) {
    assert.ok(stderr.includes(`  ${key}`), `${key} in ${stderr}`);
  }
  const cases: readonly (readonly [object, RegExp])[] = [
    [
      { tls: { certificate: '/nowhere', key: '/nowhere' } },
      /tls\.certificate: \/nowhere cannot be read \(ENOENT\)/,
    ],
    [
      { tls: { certificate: certificate.certificateFile, key: authority.certificateFile } },
      /no certificate and its key/,
    ],
    [{ gatewayRoot: join(folder, 'no-gateway') }, /must be correctly configured/],
    [{ routing: { ca: '/nowhere' } }, /routing\.ca/],
  ];
  for (const [changes, expected] of cases) {
    writeFileSync(file, JSON.stringify(config(changes)));
    const finished = await runService(['--config', file]);
    assert.equal(finished.status, 1);
    assert.match(finished.stderr, expected);
    assert.doesNotMatch(finished.stderr, / {4}at /, 'no stack trace');
  }
  assert.ok(!existsSync(join(folder, 'no-gateway')), 'no folder is made where no Gateway is');
  writeFileSync(file, '{');
  assert.match((await runService(['check', '--config', file])).stderr, /not usable:.*JSON/);
  writeFileSync(file, JSON.stringify(config()));
  assert.deepEqual(await runService(['check', '--config', file]), {
    status: 0,
    signal: null,
    stdout: 'The configuration is usable.\n',
    stderr: '',
  });
});

test('add-user makes a users file that the service uses, without a password on the command line', async () => {
  const users = join(folder, 'users.json');
  const options = config({ users: { file: 'users.json' }, audit: { file: 'audit.jsonl' } });
  const file = join(folder, 'with-users.json');
  writeFileSync(file, JSON.stringify(options));
  const added = await runService(
    ['add-user', 'anna', '--administrator', '--config', file],
    'anna-Password-1\n',
  );
  assert.deepEqual([added.status, added.stdout], [0, `User anna was added to ${users}.\n`]);
  assert.equal(statSync(users).mode & 0o777, 0o600);
  assert.ok(!readFileSync(users, 'utf8').includes('anna-Password-1'));
  await using service = await ServiceProcess.start(folder, options);
  const { port } = service;
  assert.equal((await ask({ port, path: image, user: 'anna:anna-Password-1' })).status, 200);
  // A change is seen at once.
  const replaced = await runService(
    ['add-user', 'anna', '--users', users, '--expires', '2020-01-01'],
    'anna-Password-1',
  );
  assert.match(replaced.stdout, /was replaced in/);
  assert.equal((await ask({ port, path: image, user: 'anna:anna-Password-1' })).text, '401 Bad credentials');
  const audit = readFileSync(join(folder, 'audit.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: number });
  assert.deepEqual(
    audit.map(({ id }) => id),
    [3600, 3602],
  );
  assert.equal(statSync(join(folder, 'audit.jsonl')).mode & 0o777, 0o600);

  const short = await runService(['add-user', 'bob', '--users', users], 'short\n');
  assert.deepEqual([short.status, short.stderr.includes('at least 8')], [1, true]);
  const argument = await runService(['add-user', 'bob', 'my-password', '--users', users]);
  assert.match(argument.stderr, /a password is never an argument/);
  await rename(users, `${users}.old`);
  assert.equal((await ask({ port, path: image, user: 'anna:x' })).text, '500 Permission check failed');
});
