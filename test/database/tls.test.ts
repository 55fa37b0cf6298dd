import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isBackupError } from 'gateway-backup';
import { dumpMainDatabase } from '#dist/database/database-dump.js';
import { Secret } from '#dist/secrets/secret.js';
import { TestAuthority } from '../service/support/certificates.js';
import { greeting, ScriptedMysqlServer } from '../support/scripted-mysql-server.js';
import { collectBytes, DatabaseServer, type DatabaseSessionConfig } from '../support/database-server.js';

let folder: string;
let server: DatabaseServer;
let name: string;
let ca: Buffer;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-backup-tls-'));
  chmodSync(folder, 0o755);
  const authority = new TestAuthority(folder, 'ca');
  ca = readFileSync(authority.certificateFile);
  const { certificateFile, keyFile } = authority.issue('server');
  // The server reads it as its own user.
  chmodSync(keyFile, 0o644);
  server = await DatabaseServer.start([
    `--ssl-ca=${authority.certificateFile}`,
    `--ssl-cert=${certificateFile}`,
    `--ssl-key=${keyFile}`,
    '--require-secure-transport=ON',
  ]);
  name = await server.create(
    "CREATE TABLE t (a VARCHAR(1000)); INSERT INTO t SELECT REPEAT('é', 900) FROM seq_1_to_5000",
  );
});

after(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function reasonOf(overrides: Partial<DatabaseSessionConfig>): Promise<string | undefined> {
  return server.open(name, { retry: { delaysMs: [] }, ...overrides }).then(
    () => assert.fail('it succeeded'),
    (error: unknown) => {
      assert.ok(isBackupError(error), String(error));
      assert.equal(error.code, 'DATABASE_UNAVAILABLE');
      return error.reason;
    },
  );
}

test('a dump over TLS is whole', async () => {
  await using session = await server.open(name, { tls: { ca } });
  const [row] = await session.query("SHOW STATUS LIKE 'Ssl_version'");
  assert.match(row![1]!.toString(), /^TLSv1/);
  const dump = dumpMainDatabase(session);
  const bytes = await collectBytes(dump.blocks);
  assert.equal(dump.summary!.rows, 5000);
  assert.ok(bytes.length > 9_000_000);
});

test('a server that takes only encrypted connections says so, or at least the hint does', async () => {
  // MySQL has a number of its own for it; MariaDB refuses the login like any other.
  await using scripted = await ScriptedMysqlServer.start(async (connection) => {
    connection.send(greeting());
    await connection.read();
    connection.send(Buffer.from('\xff\x57\x0c#HY000insecure transport is prohibited', 'latin1'));
  });
  assert.equal(await reasonOf({ port: scripted.port }), 'tls-required');
  await assert.rejects(server.open(name, { retry: { delaysMs: [] } }), {
    reason: 'access-denied',
    hint: /requires TLS/,
  });
});

test('a certificate of an unknown authority, or for another name, is refused', async () => {
  assert.equal(await reasonOf({ tls: {} }), 'tls-failed');
  assert.equal(await reasonOf({ tls: { ca: new TestAuthority(folder, 'other').certificate } }), 'tls-failed');
  assert.equal(await reasonOf({ tls: { ca }, host: '127.0.0.2' }), 'connection-refused');
});

test('checks can be turned off one by one', async () => {
  for (const tls of [{ rejectUnauthorized: false }, { ca, verifyIdentity: false }, { ca: [ca.toString()] }]) {
    await (await server.open(name, { tls })).close();
  }
});

test('a lost connection, silence and abort are noticed under TLS too', async () => {
  const controller = new AbortController();
  const session = await server.open(name, { tls: { ca }, idleTimeoutMs: 500 }, controller.signal);
  await assert.rejects(session.query('SELECT SLEEP(30)'), { reason: 'idle-timeout' });
  await session.close();
  const other = await server.open(name, { tls: { ca } }, controller.signal);
  const asked = assert.rejects(other.query('SELECT SLEEP(30)'), { code: 'CANCELLED' });
  controller.abort();
  await asked;
  await other.close();
});

test('a wrong password over TLS gets the same answer as without', async () => {
  assert.equal(await reasonOf({ tls: { ca }, password: new Secret('wrong') }), 'access-denied');
});
