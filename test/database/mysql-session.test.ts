import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { isBackupError, type BackupError } from 'gateway-backup';
import { dumpMainDatabase } from '#dist/database/database-dump.js';
import { openMysqlSession } from '#dist/database/mysql-session.js';
import { Secret } from '#dist/secrets/secret.js';
import {
  collectBytes,
  DatabaseServer,
  login,
  type DatabaseSessionConfig,
} from '../support/database-server.js';
import { until } from '../support/leak-check.js';

let server: DatabaseServer;
let source: string;

before(async () => {
  server = await DatabaseServer.start(['--max-connections=10']);
  source = await server.create(`
    CREATE TABLE big (id INT PRIMARY KEY, v VARCHAR(2000));
    INSERT INTO big SELECT seq, REPEAT('x', 2000) FROM seq_1_to_20000;`);
});

after(async () => {
  await server[Symbol.asyncDispose]();
});

async function failure(promise: Promise<unknown>): Promise<BackupError> {
  const error: unknown = await promise.then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(isBackupError(error), inspect(error));
  assert.ok(!inspect(error, { depth: 9 }).includes(login.password), 'shows the password');
  return error;
}

async function openFailure(name: string, overrides: Partial<DatabaseSessionConfig>): Promise<BackupError> {
  const error = await failure(server.open(name, { retry: { delaysMs: [] }, ...overrides }));
  assert.equal(error.code, 'DATABASE_UNAVAILABLE');
  return error;
}

/** Statements of the Gateway's user that the server is running. */
async function running(): Promise<string> {
  return server.mariadb.query(
    `SELECT ID, INFO FROM information_schema.PROCESSLIST WHERE USER = '${login.user}' AND COMMAND = 'Query'`,
  );
}

test('a question gives the bytes of every value', async () => {
  await using session = await server.open(source);
  assert.match(session.serverVersion, /MariaDB/);
  const rows = await session.query("SELECT 1, NULL, x'00ff', 'é', 18446744073709551615, '2024-02-30'");
  assert.deepEqual(rows, [
    [
      Buffer.from('1'),
      null,
      Buffer.from([0, 255]),
      Buffer.from('é'),
      Buffer.from('18446744073709551615'),
      Buffer.from('2024-02-30'),
    ],
  ]);
});

test('rows come one by one, and a loop that is left early leaves a usable session', async () => {
  await using session = await server.open(source);
  let count = 0;
  for await (const [id] of session.rows('SELECT id FROM big ORDER BY id')) {
    count += 1;
    assert.equal(id?.toString(), String(count));
  }
  assert.equal(count, 20_000);
  for await (const row of session.rows('SELECT v FROM big')) if (row.length === 1) break;
  assert.equal(session.usable, true);
  assert.equal((await session.query('SELECT COUNT(*) FROM big'))[0]![0]!.toString(), '20000');
});

test('the snapshot does not see what is committed after it', async () => {
  const name = await server.create('CREATE TABLE t (a INT); INSERT INTO t VALUES (1)');
  await using session = await server.open(name);
  await server.mariadb.execute('INSERT INTO t VALUES (2); DELETE FROM t WHERE a = 1', name);
  assert.deepEqual(await session.query('SELECT a FROM t'), [[Buffer.from('1')]]);
  await session.renewSnapshot();
  assert.deepEqual(await session.query('SELECT a FROM t'), [[Buffer.from('2')]]);
});

test('the session cannot write', async () => {
  await using session = await server.open(source);
  const error = await failure(session.query('DELETE FROM big'));
  assert.equal(error.code, 'DATABASE_DUMP_FAILED');
  assert.equal(session.usable, true);
});

test('each way that a connection fails has its own reason, and shows no password', async () => {
  const wrong = new Secret('canary-wrong-password');
  const refused = await openFailure(source, { password: wrong });
  assert.equal(refused.reason, 'access-denied');
  assert.ok(!inspect(refused, { depth: 9 }).includes('canary-wrong-password'));
  assert.equal((await openFailure('no_such_database', {})).reason, 'access-denied');
  assert.equal(
    (await openFailure('no_such_database', { user: 'root', password: new Secret('') })).reason,
    'unknown-database',
  );
  assert.equal((await openFailure(source, { host: 'gateway-backup-test.invalid' })).reason, 'host-unknown');
  assert.equal((await openFailure(source, { port: 1 })).reason, 'connection-refused');
  assert.equal(
    (await openFailure(source, { socketPath: '/nonexistent/mysql.sock' })).reason,
    'socket-missing',
  );
  assert.equal((await openFailure(source, { tls: {} })).reason, 'tls-unsupported');
});

test('a server without a free connection is named as such, and tried again', async () => {
  const open = [];
  let error: unknown;
  try {
    while (open.length < 12) open.push(await server.open(source, { retry: { delaysMs: [] } }));
  } catch (reason) {
    error = reason;
  }
  assert.ok(isBackupError(error));
  assert.equal(error.reason, 'too-many-connections');
  assert.equal(error.retryable, true);
  const second = server.open(source, { retry: { delaysMs: [200, 200, 200, 200], random: () => 0.5 } });
  await Promise.all(open.map((session) => session.close()));
  await (await second).close();
});

test('a right that is missing on one table names it', async () => {
  const name = await server.create('CREATE TABLE allowed (a INT); CREATE TABLE forbidden (a INT)');
  await server.mariadb.execute(`
    CREATE USER limited@'%' IDENTIFIED BY 'x';
    GRANT SELECT ON ${name}.allowed TO limited@'%'; GRANT INSERT ON ${name}.forbidden TO limited@'%';`);
  await using session = await server.open(name, { user: 'limited', password: new Secret('x') });
  const error = await failure(collectBytes(dumpMainDatabase(session).blocks));
  assert.deepEqual([error.code, error.reason], ['DATABASE_UNAVAILABLE', 'select-denied']);
  assert.match(error.message, /forbidden/);
});

test('a user who may not see every table is told from one who may', async () => {
  const name = await server.create('CREATE TABLE seen (a INT); CREATE TABLE unseen (a INT)');
  await server.mariadb.execute(
    `CREATE USER narrow@'%' IDENTIFIED BY 'x'; GRANT ALL ON ${name}.seen TO narrow@'%';`,
  );
  for (const [login, complete] of [
    [{}, true],
    [{ user: 'root', password: new Secret('') }, true],
    [{ user: 'narrow', password: new Secret('x') }, false],
  ] as const) {
    await using session = await server.open(name, login);
    const dump = dumpMainDatabase(session);
    await collectBytes(dump.blocks);
    assert.equal(dump.summary!.complete, complete);
  }
});

test('a killed connection fails what runs and marks the session', async () => {
  const session = await server.open(source);
  const [[id]] = (await session.query('SELECT CONNECTION_ID()')) as [[Buffer]];
  const rows = session.rows('SELECT * FROM big')[Symbol.asyncIterator]();
  await rows.next();
  await server.mariadb.execute(`KILL ${id.toString()}`);
  const error = await failure(
    (async () => {
      while ((await rows.next()).done !== true);
    })(),
  );
  assert.deepEqual(
    [error.code, error.reason, error.retryable],
    ['DATABASE_DUMP_FAILED', 'connection-lost', true],
  );
  await until(() => !session.usable);
  await session.close();
});

test('abort ends a computing statement on the server, and leaves no listener', async () => {
  const controller = new AbortController();
  const session = await server.open(source, {}, controller.signal);
  const asked = failure(session.query('SELECT SLEEP(60)'));
  await until(async () => (await running()).includes('SLEEP'), 10_000);
  controller.abort(new Error('enough'));
  const error = await asked;
  assert.equal(error.code, 'CANCELLED');
  assert.equal((error.cause as Error).message, 'enough');
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  await session.close();
  assert.equal(await running(), '');
  assert.equal((await failure(session.query('SELECT 1'))).code, 'CANCELLED');
});

test('an aborted signal opens nothing', async () => {
  const error = await failure(openMysqlSession(server.config(source), { signal: AbortSignal.abort() }));
  assert.equal(error.code, 'CANCELLED');
});

test('a session that is closed twice, or in the middle of a result, ends on the server', async () => {
  const session = await server.open(source);
  const rows = session.rows('SELECT a.v FROM big a, big b')[Symbol.asyncIterator]();
  await rows.next();
  await session.close();
  await session.close();
  await until(async () => (await running()) === '', 10_000);
  await assert.rejects(async () => {
    while ((await rows.next()).done !== true);
  });
});

test('a second question while a result is open is our own mistake, and named so', async () => {
  await using session = await server.open(source);
  const rows = session.rows('SELECT id FROM big')[Symbol.asyncIterator]();
  await rows.next();
  assert.equal((await failure(session.query('SELECT 1'))).code, 'INTERNAL');
  await rows.return!(undefined);
  await session.query('SELECT 1');
});
