import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackupError } from 'gateway-backup';
import {
  StaticConnectorDirectory,
  type AuditRecord,
  type BackupServiceOptions,
} from 'gateway-backup/service';
import { ask, type Answer, type Question } from './support/ask.js';
import {
  admin,
  adminPassword,
  certified,
  operator,
  ServiceFixture,
  until,
} from './support/service-fixture.js';

const image = '/ssg/backup?node=Gateway1';

async function down(): Promise<never> {
  return Promise.reject(new Error('down: canary-in-an-error'));
}

interface Check {
  readonly title: string;
  readonly options?: (fixture: BackupServiceOptions) => Partial<BackupServiceOptions>;
  readonly prepare?: (fixture: ServiceFixture) => void;
  readonly question: Omit<Question, 'port'>;
  readonly status: number;
  readonly phrase: string;
  readonly auditId: number | undefined;
}

const users = {
  registeredCertificates: async () => Promise.resolve([]),
  isAdministrator: async () => Promise.resolve(true),
};

const checks: readonly Check[] = [
  {
    title: 'no credentials',
    question: { path: image },
    status: 401,
    phrase: 'Unauthorized',
    auditId: undefined,
  },
  {
    title: 'another scheme',
    question: { path: image, user: 'Bearer x' },
    status: 401,
    phrase: 'Unauthorized',
    auditId: undefined,
  },
  {
    title: 'unreadable credentials',
    question: { path: image, user: 'Basic !' },
    status: 400,
    phrase: 'Bad credentials',
    auditId: 3602,
  },
  {
    title: 'a wrong password',
    question: { path: image, user: 'admin:wrong' },
    status: 401,
    phrase: 'Bad credentials',
    auditId: 3602,
  },
  {
    title: 'an unknown login',
    question: { path: image, user: `nobody:${adminPassword}` },
    status: 401,
    phrase: 'Bad credentials',
    auditId: 3602,
  },
  {
    title: 'a disabled user',
    question: { path: image, user: `disabled:${adminPassword}` },
    status: 401,
    phrase: 'Bad credentials',
    auditId: 3602,
  },
  {
    title: 'an expired user',
    question: { path: image, user: `expired:${adminPassword}` },
    status: 401,
    phrase: 'Bad credentials',
    auditId: 3602,
  },
  {
    title: 'users that cannot be looked up',
    options: () => ({ users: { ...users, authenticate: down } }),
    question: { path: image, user: admin },
    status: 500,
    phrase: 'Permission check failed',
    auditId: 3608,
  },
  {
    title: 'a registered certificate that was not presented',
    question: { path: image, user: certified },
    status: 403,
    phrase: 'No client certificate',
    auditId: 3603,
  },
  {
    title: 'a port that is not enabled',
    options: () => ({ connectors: new StaticConnectorDirectory([8443]) }),
    question: { path: image, user: admin },
    status: 403,
    phrase: 'Connector not enabled',
    auditId: 3605,
  },
  {
    title: 'a user without the role',
    question: { path: image, user: operator },
    status: 403,
    phrase: 'Not permitted',
    auditId: 3607,
  },
  {
    title: 'a role lookup that fails',
    options: ({ users: real }) => ({
      users: {
        authenticate: (login, password) => real.authenticate(login, password),
        registeredCertificates: async () => Promise.resolve([]),
        isAdministrator: down,
      },
    }),
    question: { path: image, user: admin },
    status: 500,
    phrase: 'Permission check failed',
    auditId: 3608,
  },
  {
    title: 'a cluster list that cannot be read',
    options: () => ({ cluster: { nodes: down } }),
    question: { path: image, user: admin },
    status: 500,
    phrase: 'Cannot find node',
    auditId: 3612,
  },
  {
    title: 'an unknown node',
    question: { path: '/ssg/backup?node=Gateway9', user: admin },
    status: 400,
    phrase: 'No such node',
    auditId: 3613,
  },
  {
    title: 'a backup that fails',
    prepare: ({ backup }) => {
      backup.error = new BackupError('INSUFFICIENT_SPACE', 'too little space', { stage: 'plan' });
    },
    question: { path: image, user: admin },
    status: 500,
    phrase: 'Backup failed',
    auditId: 3609,
  },
  {
    title: 'another backup that runs outside the service',
    prepare: ({ backup }) => {
      backup.error = new BackupError('BUSY', 'pid 1', { stage: 'plan' });
    },
    question: { path: image, user: admin },
    status: 503,
    phrase: 'Backup in progress',
    auditId: 3609,
  },
  {
    title: 'a staged image that cannot be read',
    prepare: ({ backup }) => {
      backup.spoil = (whole) => ({
        ...whole,
        open: () => {
          throw new BackupError('SINK_FAILED', 'gone', { stage: 'store', reason: 'image-unreadable' });
        },
      });
    },
    question: { path: image, user: admin },
    status: 500,
    phrase: 'Backup failed',
    auditId: 3610,
  },
  {
    title: 'another node that does not answer',
    question: { path: '/ssg/backup?node=Gateway2', user: admin },
    status: 500,
    phrase: 'Routing failed',
    auditId: 3616,
  },
  { title: 'a backup', question: { path: image, user: admin }, status: 200, phrase: 'OK', auditId: 3600 },
];

for (const { title, options, prepare, question, status, phrase, auditId } of checks) {
  test(`${title}: ${status} ${phrase}, ${auditId === undefined ? 'not audited' : `audit record ${auditId}`}`, async () => {
    await using plain = await ServiceFixture.start();
    await using fixture =
      options === undefined ? undefined : await ServiceFixture.start(options(plain.options));
    const { backup, port, audits, log } = fixture ?? plain;
    prepare?.(fixture ?? plain);
    const answer = await ask({ port, ...question });
    if (status === 200) await until(() => audits.length > 0);
    assert.deepEqual([answer.status, answer.phrase], [status, phrase]);
    if (status !== 200) assert.equal(answer.text, `${status} ${phrase}`);
    assert.match(
      answer.headers['content-type'] ?? '',
      status === 200 ? /^application\/zip$/ : /^text\/plain/,
    );
    assert.equal(
      answer.headers['www-authenticate'],
      status === 401 ? 'Basic realm="L7SSGBasicRealm"' : undefined,
    );
    assert.deepEqual(
      audits.map(({ id }) => id),
      auditId === undefined ? [] : [auditId],
    );
    if (audits[0] !== undefined) checkRecord(audits[0], answer, question);
    if (status !== 200 && auditId !== 3609 && auditId !== 3610)
      assert.equal(backup.runs.length, 0, 'no backup was begun');
    assert.ok(!log.join().includes('canary'), 'no text of a foreign error in the log');
  });
}

function checkRecord(record: AuditRecord, answer: Answer, question: Omit<Question, 'port'>): void {
  assert.equal(record.status, answer.status);
  assert.equal(record.clientAddress, '127.0.0.1');
  assert.equal(record.clientHost, '127.0.0.1');
  assert.equal(record.node, new URLSearchParams(question.path?.split('?')[1]).get('node'));
  if (question.user?.includes(' ') === false) assert.equal(record.user, question.user.split(':')[0]);
  assert.ok(Math.abs(record.time.getTime() - Date.now()) < 10_000);
  assert.ok(!JSON.stringify(record).includes(adminPassword));
}

test('the image goes out whole, with its length and its name, and audits when asked for', async () => {
  await using fixture = await ServiceFixture.start();
  const { backup, port } = fixture;
  backup.content = Buffer.alloc(3_000_000, 'image');
  const answer = await ask({ port, path: `${image}&audits=True`, user: admin });
  assert.ok(answer.body.equals(backup.content));
  assert.equal(answer.headers['content-length'], '3000000');
  assert.equal(answer.headers['content-disposition'], 'attachment; filename="Gateway1.zip"; size=3000000');
  assert.equal(answer.headers['accept-ranges'], 'none');
  await ask({ port, path: image, user: admin });
  assert.deepEqual(
    backup.runs.map(({ image: name, includeAudits, esm }) => [name, includeAudits, esm]),
    [
      ['Gateway1.zip', true, undefined],
      ['Gateway1.zip', false, undefined],
    ],
  );
});

test('a user with a registered certificate gets the image by presenting it, and by no other', async () => {
  await using fixture = await ServiceFixture.start();
  const { port, clientCertificate, certificate } = fixture;
  assert.equal((await ask({ port, path: image, user: certified, clientCertificate })).status, 200);
  const { text } = await ask({ port, path: image, user: certified, clientCertificate: certificate });
  assert.equal(text, '403 No client certificate');
});

test('a partial image is an error that names the failed components; the log says why they failed', async () => {
  await using fixture = await ServiceFixture.start();
  fixture.backup.failed = ['maindb', 'os'];
  const answer = await ask({ port: fixture.port, path: image, user: admin });
  assert.equal(answer.status, 500);
  assert.equal(answer.text, '500 Backup failed\nFailed component: maindb\nFailed component: os');
  for (const component of ['maindb', 'os'])
    assert.ok(fixture.log.includes(`warn Backup of Gateway1: ${component} failed: made to fail`));
  assert.deepEqual(
    fixture.audits.map(({ id }) => id),
    [3609],
  );
});

test('a partial image that the embedder wants delivered is marked in its name and a header', async () => {
  await using fixture = await ServiceFixture.start({ deliverPartial: true });
  fixture.backup.failed = ['maindb', 'os'];
  const { status, headers } = await ask({ port: fixture.port, path: image, user: admin });
  assert.equal(status, 200);
  assert.equal(headers['x-backup-status'], 'partial');
  assert.equal(headers['x-backup-failed-components'], 'maindb, os');
  assert.match(headers['content-disposition'] ?? '', /filename="Gateway1-partial\.zip"/);
  await until(() => fixture.audits.length > 0);
  assert.match(fixture.audits[0]!.message, /maindb, os/);
});

test('plain HTTP is refused, audited, and never asked for a password', async () => {
  await using fixture = await ServiceFixture.start();
  const { createServer } = await import('node:http');
  const { createBackupService } = await import('gateway-backup/service');
  for (const [trustProxy, scheme, status] of [
    [false, undefined, 403],
    [false, 'https', 403],
    [true, 'http', 403],
    [true, 'https, http', 403],
    [true, 'https', 200],
    [true, undefined, 200],
  ] as const) {
    const service = createBackupService({ ...fixture.options, trustProxy });
    const server = createServer((request, response) => void service(request, response)).listen(
      0,
      '127.0.0.1',
    );
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const headers: Record<string, string> =
      scheme === undefined
        ? {}
        : { 'X-Forwarded-Proto': scheme, 'X-Forwarded-For': '198.51.100.1, 192.0.2.7' };
    const answer = await ask({ port, path: image, user: admin, plain: true, headers });
    assert.equal(answer.status, status, `${trustProxy} ${scheme ?? ''}`);
    if (status === 403) assert.equal(answer.text, '403 SSL required');
    server.close();
  }
  await until(() => fixture.audits.length === 6);
  assert.deepEqual(
    fixture.audits.map(({ id }) => id),
    [3601, 3601, 3601, 3601, 3600, 3600],
  );
  assert.deepEqual(
    fixture.audits.map(({ clientAddress }) => clientAddress),
    ['127.0.0.1', '127.0.0.1', '192.0.2.7', '192.0.2.7', '192.0.2.7', '127.0.0.1'],
  );
});

test('requests that pages of other sites make are refused before the password is looked at', async () => {
  await using fixture = await ServiceFixture.start();
  const { port } = fixture;
  for (const site of ['cross-site', 'same-site']) {
    const headers = { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
    assert.equal(
      (await ask({ port, path: image, user: admin, headers })).text,
      '403 Cross-site request refused',
    );
    assert.equal((await ask({ port, user: admin, headers })).status, 200, 'a link to the page is harmless');
    const framed = { ...headers, 'Sec-Fetch-Dest': 'iframe' };
    assert.equal((await ask({ port, user: admin, headers: framed })).status, 403);
  }
  assert.equal(fixture.backup.runs.length, 0);
  for (const site of ['same-origin', 'none']) {
    assert.equal(
      (await ask({ port, path: image, user: admin, headers: { 'Sec-Fetch-Site': site } })).status,
      200,
    );
  }
});

test('every answer carries the headers against framing, sniffing, caching and referrers', async () => {
  await using fixture = await ServiceFixture.start();
  const { port } = fixture;
  const questions: Omit<Question, 'port'>[] = [
    { path: '/' },
    { method: 'POST' },
    {},
    { user: 'admin:wrong' },
    { user: admin },
    { path: image, user: admin },
  ];
  for (const question of questions) {
    const { headers } = await ask({ port, ...question });
    const what = JSON.stringify(question);
    assert.match(
      String(headers['content-security-policy']),
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'/,
      what,
    );
    assert.equal(headers['x-content-type-options'], 'nosniff', what);
    assert.match(headers['cache-control'] ?? '', /no-store/, what);
    assert.equal(headers['referrer-policy'], 'no-referrer', what);
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin', what);
    assert.equal(headers['access-control-allow-origin'], undefined, what);
  }
});

test('methods other than GET get 405 and begin nothing', async () => {
  await using fixture = await ServiceFixture.start();
  for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    const { status, headers } = await ask({ port: fixture.port, path: image, method, user: admin });
    assert.deepEqual([status, headers.allow], [405, 'GET'], method);
  }
  assert.equal(fixture.backup.runs.length, 0);
});

test('ranges are ignored, and a body closes the connection without being read', async () => {
  await using fixture = await ServiceFixture.start();
  const { port, backup } = fixture;
  const ranged = await ask({
    port,
    path: image,
    user: admin,
    headers: { Range: 'bytes=0-1', 'If-Range': '"x"' },
  });
  assert.deepEqual([ranged.status, ranged.body.length], [200, backup.content.length]);
  const withBody = await ask({
    port,
    path: image,
    user: admin,
    body: 'hello',
    headers: { 'Content-Length': '5' },
  });
  assert.deepEqual([withBody.status, withBody.headers.connection], [200, 'close']);
});

test('of 20 backups at once one is made, and 19 get 503 with Retry-After', async () => {
  await using fixture = await ServiceFixture.start();
  const { port, backup } = fixture;
  const release = backup.hold();
  const answers: Answer[] = [];
  const all = Array.from({ length: 20 }, async () => {
    answers.push(await ask({ port, path: image, user: admin }));
  });
  await until(() => answers.length === 19);
  assert.ok(answers.every(({ status, headers }) => status === 503 && headers['retry-after'] === '60'));
  release();
  await Promise.all(all);
  assert.equal(answers[19]!.status, 200);
  assert.equal(backup.runs.length, 1);
  await until(() => fixture.audits.length === 20);
});

test('an audit log that fails, or hangs, does not hide the outcome and is reported', async () => {
  for (const record of [down, () => new Promise<never>(() => undefined)]) {
    await using fixture = await ServiceFixture.start({ audit: { record }, auditTimeoutMs: 50 });
    const { port, log } = fixture;
    assert.equal((await ask({ port, path: image, user: operator })).text, '403 Not permitted');
    assert.equal((await ask({ port, path: image, user: admin })).status, 200);
    await until(
      () => log.filter((line) => /^error .*could not be kept.*"id":360[07]/.test(line)).length === 2,
    );
  }
});

test('hostile node names, hosts and users come out harmless in headers, page, log and audit record', async () => {
  await using fixture = await ServiceFixture.start();
  const { port, audits, log } = fixture;
  const hostile = encodeURIComponent('a\r\nSet-Cookie: x=1\u001b[31m"><script>');
  const answer = await ask({
    port,
    path: `/ssg/backup?node=${hostile}`,
    user: admin,
    headers: { Host: 'evil"><script>' },
  });
  assert.equal(answer.text, '400 No such node');
  assert.equal(answer.headers['set-cookie'], undefined);

  const control = /[\u0000-\u001f]/;
  assert.doesNotMatch(audits[0]!.node!, control);
  await ask({ port, user: `Basic ${Buffer.from('=?UTF-8?Q?=1B[2J?=:x').toString('base64')}` });
  assert.ok(log.length > 0 && log.every((line) => !control.test(line)));
});

test('a thousand bad logins are refused after five, recorded once, and do not keep another address out', async () => {
  await using fixture = await ServiceFixture.start();
  const { port, audits } = fixture;
  const statuses = new Map<number, number>();
  for (let round = 0; round < 25; round++) {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        ask({ port, path: image, user: `admin:wrong${index}`, localAddress: '127.0.0.2' }),
      ),
    );
    for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  assert.deepEqual([statuses.get(401), statuses.get(429)], [5, 995]);
  assert.equal(audits.length, 6, 'five failures, and that the rest is refused');
  assert.equal((await ask({ port, path: image, user: admin })).status, 200);
});

test('a name and a password beyond ASCII log in as ISO-8859-1, as encoded words, and as announced UTF-8', async () => {
  const basic = (bytes: Buffer): string => `Basic ${bytes.toString('base64')}`;
  const latin1 = basic(Buffer.from('jürgen:päss-Wort', 'latin1'));
  const utf8 = basic(Buffer.from('jürgen:päss-Wort', 'utf8'));
  const words = basic(Buffer.from('=?UTF-8?Q?j=C3=BCrgen?=:=?UTF-8?Q?p=C3=A4ss-Wort?='));
  for (const [charset, accepted, challenge] of [
    ['iso-8859-1', [true, false, true], 'Basic realm="L7SSGBasicRealm"'],
    ['utf-8', [true, true, true], 'Basic realm="L7SSGBasicRealm", charset="UTF-8"'],
  ] as const) {
    await using fixture = await ServiceFixture.start({ credentialsCharset: charset });
    const { port } = fixture;
    assert.equal((await ask({ port })).headers['www-authenticate'], challenge);
    for (const [index, user] of [latin1, utf8, words].entries()) {
      assert.equal(
        (await ask({ port, user })).status,
        accepted[index] === true ? 200 : 401,
        `${charset} ${index}`,
      );
    }
  }
});
