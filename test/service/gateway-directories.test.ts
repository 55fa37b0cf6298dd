import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import { isBackupError, Secret } from 'gateway-backup';
import {
  GatewayAuditLog,
  GatewayClusterDirectory,
  GatewayConnectorDirectory,
  GatewayUserDirectory,
  openGatewayAccess,
  type AuditRecord,
  type GatewayAccess,
} from 'gateway-backup/service';
import { sampleNodes, sampleUsers } from 'gateway-backup/testing';
import { MysqlGatewayDatabase } from '#dist/database/mysql-gateway-database.js';
import { GatewayFixture } from '../support/gateway-fixture.js';
import { TcpProxy } from '../support/tcp-proxy.js';

let fixture: GatewayFixture;
let access: GatewayAccess;
let name: string;
const log: string[] = [];

before(async () => {
  fixture = await GatewayFixture.start();
  name = await fixture.database();
  const { gatewayRoot, hostRoot } = await fixture.gateway(name);
  access = await openGatewayAccess({ gatewayRoot, hostRoot });
});

after(async () => {
  await access.close();
  await fixture.remove();
});

function users(): GatewayUserDirectory {
  return new GatewayUserDirectory(access.database, {
    log: (level, message) => log.push(`${level} ${message}`),
  });
}

async function select(sql: string): Promise<(string | null)[][]> {
  return (await access.database.query(sql)).map((row) => [...row]);
}

test('internal users log in with both forms of password; disabled, expired and unverifiable ones do not', async () => {
  const directory = users();
  for (const { login, password, enabled, expiration, hash } of sampleUsers) {
    const usable = enabled && expiration < 0 && !hash.startsWith('{SSHA}');
    const user = await directory.authenticate(login, new Secret(password));
    assert.equal(user?.login, usable ? login : undefined, login);
    assert.equal(
      await directory.authenticate(login, new Secret(`${password}x`)),
      undefined,
      `${login}, wrong password`,
    );
  }
  assert.equal(await directory.authenticate('nobody', new Secret('sample-Admin-1')), undefined);
  assert.equal(await directory.authenticate('ADMIN', new Secret('sample-Admin-1')), undefined, 'upper case');
  assert.ok(
    log.some((line) => line.includes('unverifiable')),
    'says whose password cannot be checked',
  );
});

test('a hash made by openssl with its own number of rounds is checked', async () => {
  const hash = execFileSync('openssl', ['passwd', '-6', '-salt', 'rounds=2000$abcdefgh', 'other-Pass-1'])
    .toString()
    .trim();
  await access.database.transaction([
    { sql: 'UPDATE internal_user SET password = ? WHERE login = ?', values: [hash, 'operator'] },
  ]);
  const directory = users();
  assert.equal((await directory.authenticate('operator', new Secret('other-Pass-1')))?.login, 'operator');
  assert.equal(await directory.authenticate('operator', new Secret('sample-Admin-1')), undefined);
});

test('the Administrator role comes directly or through an enabled group', async () => {
  const directory = users();
  for (const { login, administrator, enabled, expiration, hash, password } of sampleUsers) {
    if (!enabled || expiration >= 0 || hash.startsWith('{') || login === 'operator') continue;
    const user = await directory.authenticate(login, new Secret(password));
    assert.equal(await directory.isAdministrator(user!), administrator !== 'no', login);
  }
  const operator = await directory.authenticate('operator', new Secret('other-Pass-1'));
  assert.equal(await directory.isAdministrator(operator!), false);
  const member = await directory.authenticate('group-admin', new Secret('sample-Admin-1'));
  await access.database.transaction([{ sql: 'UPDATE internal_group SET enabled = 0', values: [] }]);
  assert.equal(await directory.isAdministrator(member!), false, 'the group is disabled');
  await access.database.transaction([{ sql: 'UPDATE internal_group SET enabled = 1', values: [] }]);
});

test('a registered client certificate is known by its thumbprint', async () => {
  const directory = users();
  const { certificate = '', password } = sampleUsers.find(({ login }) => login === 'certified')!;
  const user = await directory.authenticate('certified', new Secret(password));
  const expected = new X509Certificate(Buffer.from(certificate, 'base64')).fingerprint256
    .replaceAll(':', '')
    .toLowerCase();
  assert.deepEqual(await directory.registeredCertificates(user!), [`sha256:${expected}`]);
  const admin = await directory.authenticate('admin', new Secret(password));
  assert.deepEqual(await directory.registeredCertificates(admin!), []);
  await access.database.transaction([{ sql: 'UPDATE client_cert SET cert = NULL', values: [] }]);
  const sha1 = new X509Certificate(Buffer.from(certificate, 'base64')).fingerprint
    .replaceAll(':', '')
    .toLowerCase();
  assert.deepEqual(
    await directory.registeredCertificates(user!),
    [`sha1:${sha1}`],
    'without the certificate itself',
  );
});

test('the nodes of the cluster come from cluster_info, and this one is known by its id', async () => {
  const cluster = new GatewayClusterDirectory(access.database, {
    self: access.nodeId,
    databaseAddress: 'local',
  });
  const nodes = await cluster.nodes();
  assert.deepEqual(
    nodes.map(({ name: node, address, local, hostsDatabase }) => [node, address, local, hostsDatabase]),
    sampleNodes.map((node, index) => [node.name, node.address, index === 0, index === 0]),
  );
  const elsewhere = new GatewayClusterDirectory(access.database, {
    self: 'Gateway2',
    databaseAddress: '10.0.0.13',
  });
  assert.deepEqual(
    (await elsewhere.nodes()).map(({ local, hostsDatabase }) => [local, hostsDatabase]),
    [
      [false, false],
      [true, false],
      [false, true],
    ],
  );
  await assert.rejects(
    new GatewayClusterDirectory(access.database, { self: 'other' }).nodes(),
    /does not list other/,
  );
});

test('a port serves browser-based administration only if an enabled connector says so', async () => {
  const connectors = new GatewayConnectorDirectory(access.database);
  const enabled = await Promise.all(
    [8080, 8443, 2124, 9443, 1].map((port) => connectors.allowsBrowserAdministration(port)),
  );
  assert.deepEqual(enabled, [false, true, false, false, false]);
});

const record: AuditRecord = {
  id: 3613,
  level: 'WARNING',
  time: new Date('2026-11-24T10:00:00.123Z'),
  message: `No node "😀" ${'x'.repeat(300)}`,
  status: 400,
  user: 'admin',
  userId: 'ab'.repeat(16),
  providerId: '0000000000000000fffffffffffffffe',
  node: 'Gateway9',
  clientHost: 'client.example',
  clientAddress: '2001:db8:85a3:1111:2222:8a2e:370:7334',
};

test('an audit record is one row in each table, in one transaction', async () => {
  const audit = new GatewayAuditLog(access.database, { nodeId: sampleNodes[0].nodeId });
  await audit.record(record);
  const rows = await select(`
    SELECT m.nodeid, m.time, m.audit_level, LENGTH(m.message) <= 1020, m.ip_address, m.user_name, m.user_id,
           LOWER(HEX(m.provider_goid)), s.action, d.message_id, d.exception_message
      FROM audit_main m JOIN audit_system s ON s.goid = m.goid JOIN audit_detail d ON d.audit_goid = m.goid
     WHERE m.name = 'Backup Service'`);
  assert.deepEqual(rows, [
    [
      sampleNodes[0].nodeId,
      String(record.time.getTime()),
      'WARNING',
      '1',
      record.clientAddress,
      'admin',
      record.userId,
      record.providerId,
      'Backup',
      '3613',
      '{"node":"Gateway9","clientHost":"client.example","status":400}',
    ],
  ]);
});

test('an audit record that cannot be written whole is not there at all', async () => {
  const before = await select('SELECT COUNT(*) FROM audit_main');
  await access.database.query('RENAME TABLE audit_system TO hidden');
  try {
    const audit = new GatewayAuditLog(access.database, { nodeId: 'x' });
    await assert.rejects(audit.record(record), (error) => isBackupError(error));
  } finally {
    await access.database.query('RENAME TABLE hidden TO audit_system');
  }
  await assert.rejects(
    access.database.transaction([
      {
        sql: "INSERT INTO audit_main (goid, nodeid, time, audit_level, message) VALUES (?, 'x', 1, 'INFO', 'm')",
        values: [Buffer.alloc(16, 9)],
      },
      { sql: 'INSERT INTO no_such_table VALUES (1)', values: [] },
    ]),
  );
  assert.deepEqual(await select('SELECT COUNT(*) FROM audit_main'), before);
});

test('a connection that was killed is opened again', async () => {
  const [id] = await select('SELECT CONNECTION_ID()');
  await fixture.server.execute(`KILL ${id![0]!};`);
  assert.deepEqual(await select('SELECT 1'), [['1']]);
});

test('a server that falls silent fails the question at its limit, and the signal at once', async () => {
  await using proxy = await TcpProxy.start({ host: '127.0.0.1', port: fixture.server.port });
  const { user, password } = fixture.login;
  const config = { host: '127.0.0.1', port: proxy.port, name, user, password: new Secret(password) };
  await using database = new MysqlGatewayDatabase(config, { statementTimeoutMs: 300 });
  await assert.rejects(database.query('SELECT SLEEP(10)'), /took too long/);
  assert.deepEqual(await database.query('SELECT 2'), [['2']], 'and the next one is answered');
  const cancellation = new AbortController();
  const sleeping = assert.rejects(
    database.query('SELECT SLEEP(10)', [], cancellation),
    (error) => isBackupError(error) && error.code === 'CANCELLED',
  );
  setTimeout(() => {
    cancellation.abort();
  }, 50);
  await sleeping;
});

test('a database that is down is an error without the password', async () => {
  const config = {
    host: '127.0.0.1',
    port: 1,
    name,
    user: 'gateway',
    password: new Secret('canary'),
    connectTimeoutMs: 500,
  };
  await using database = new MysqlGatewayDatabase(config);
  await assert.rejects(database.query('SELECT 1'), (error) => {
    assert.ok(isBackupError(error));
    assert.equal(error.code, 'DATABASE_UNAVAILABLE');
    assert.ok(!JSON.stringify(error).includes('canary') && !String(error.stack).includes('canary'));
    return true;
  });
});
