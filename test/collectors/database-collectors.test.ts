import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { auditsCollector } from '#dist/collectors/audits-collector.js';
import { maindbCollector } from '#dist/collectors/maindb-collector.js';
import { sampleDatabaseSql, testGatewayFacts, type TestCollectorContext } from 'gateway-backup/testing';
import { DatabaseServer } from '../support/database-server.js';
import { databaseState } from '../support/database-state.js';
import { dumpLines } from '../support/sql-rereader.js';
import { contentOf, makeMachine, recordingContext } from './collecting.js';

const auditList = 'SSG/Gateway/config/backup/cfg/backup_tables_audit';

let server: DatabaseServer;
let source: string;

before(async () => {
  server = await DatabaseServer.start();
  source = await server.create(sampleDatabaseSql());
});

after(async () => {
  await server[Symbol.asyncDispose]();
});

async function collect(
  collector: typeof maindbCollector,
  context: TestCollectorContext,
): Promise<Record<string, { content: Buffer; placement: string | undefined; kind: string | undefined }>> {
  const found: Record<string, { content: Buffer; placement: string | undefined; kind: string | undefined }> =
    {};
  for await (const entry of collector().collect(context)) {
    const content = await contentOf(entry);
    if (content !== undefined)
      found[entry.path] = { content, placement: entry.placement, kind: entry.content };
  }
  return found;
}

test('main database and audits together restore the whole of the sample, licence excepted', async (t) => {
  const machine = makeMachine(t, { 'etc/my.cnf': '[mysqld]\n' });
  await using session = await server.open(source);
  const context = { ...recordingContext(machine), database: () => Promise.resolve(session) };
  const main = await collect(maindbCollector, context);
  assert.deepEqual(Object.keys(main), ['main_backup.sql', 'originallicenseobjectid.txt', 'my.cnf']);
  const [[licenceId]] = (await session.query(
    "SELECT goid FROM cluster_properties WHERE propkey = 'license'",
  )) as [[Buffer]];
  assert.deepEqual(main['originallicenseobjectid.txt']!.content, licenceId);
  assert.equal(main['originallicenseobjectid.txt']!.placement, 'image');
  assert.equal(main['main_backup.sql']!.placement, undefined);
  assert.equal(main['my.cnf']!.content.toString(), '[mysqld]\n');

  const auditNotes = { ...recordingContext(machine), database: () => Promise.resolve(session) };
  const audits = await collect(auditsCollector, auditNotes);
  assert.deepEqual(Object.keys(audits), ['audits.gz']);
  assert.equal(audits['audits.gz']!.kind, 'compressed');
  const auditSql = gunzipSync(audits['audits.gz']!.content);
  dumpLines(main['main_backup.sql']!.content);
  dumpLines(auditSql);

  const target = await server.create();
  await server.mariadb.execute(main['main_backup.sql']!.content, target);
  await server.mariadb.execute(auditSql, target);
  await server.mariadb.execute("DELETE FROM cluster_properties WHERE propkey = 'license'", source);
  assert.equal(await databaseState(server.mariadb, target), await databaseState(server.mariadb, source));

  const { consistency, tables } = context.annotations as unknown as {
    consistency: { consistent: boolean; snapshot: number; outsideSnapshot: string[] };
    tables: Record<string, number>;
  };
  assert.deepEqual(
    [consistency.consistent, consistency.snapshot, consistency.outsideSnapshot],
    [true, 1, []],
  );
  assert.ok(Object.keys(tables).length > 10 && !Object.keys(tables).some((name) => name.startsWith('audit')));
  const auditTables = (auditNotes.annotations as unknown as { tables: Record<string, number> }).tables;
  assert.ok(Object.keys(auditTables).every((name) => name.startsWith('audit')));
  assert.ok((await maindbCollector().estimate!(context)) > 10_000);
  assert.ok((await auditsCollector().estimate!(context)) > 10_000);
});

test('a list of audit tables decides, whatever else it names', async (t) => {
  const machine = makeMachine(t, {
    [auditList]: '# tables\r\naudit_main\n\n  audit_admin  # admin\ncluster_properties\naudit_missing\n',
  });
  await using session = await server.open(source);
  const context = { ...recordingContext(machine), database: () => Promise.resolve(session) };
  await collect(auditsCollector, context);
  assert.deepEqual(Object.keys(context.annotations['tables'] as object), ['audit_admin', 'audit_main']);
  assert.match(context.warnings.join('\n'), /cluster_properties/);
  assert.match(context.warnings.join('\n'), /audit_missing/);
});

test('a list of audit tables that cannot be read fails the component', async (t) => {
  const machine = makeMachine(t, { [`${auditList}/x`]: '' });
  await using session = await server.open(source);
  const context = { ...recordingContext(machine), database: () => Promise.resolve(session) };
  await assert.rejects(collect(auditsCollector, context), { code: 'SOURCE_UNREADABLE' });
});

test('without a licence row there is no licence file, and without my.cnf no copy of it', async (t) => {
  const name = await server.create(
    'CREATE TABLE cluster_properties (goid BINARY(16) PRIMARY KEY, propkey VARCHAR(255)); CREATE TABLE t (a INT)',
  );
  await using session = await server.open(name);
  const context = { ...recordingContext(makeMachine(t)), database: () => Promise.resolve(session) };
  assert.deepEqual(Object.keys(await collect(maindbCollector, context)), ['main_backup.sql']);
  assert.deepEqual(Object.keys(await collect(auditsCollector, context)), ['audits.gz']);
});

test('the id of a licence from before 8.0 is the number as text', async (t) => {
  const name = await server.create(`
    CREATE TABLE cluster_properties (objectid BIGINT PRIMARY KEY, propkey VARCHAR(255), propvalue TEXT);
    INSERT INTO cluster_properties VALUES (9207, 'license', 'x'), (9208, 'other', 'y')`);
  await using session = await server.open(name);
  const context = { ...recordingContext(makeMachine(t)), database: () => Promise.resolve(session) };
  const main = await collect(maindbCollector, context);
  assert.equal(main['originallicenseobjectid.txt']!.content.toString(), '9207');
});

test('both apply only where the database is', () => {
  const local = testGatewayFacts({ gatewayRoot: '/g', hostRoot: '/' });
  const remote = {
    ...local,
    database: { ...local.database, local: false, localityExplanation: 'The database is elsewhere.' },
  };
  for (const collector of [maindbCollector(), auditsCollector()]) {
    assert.deepEqual(collector.applicability(local), { applies: true });
    assert.deepEqual(collector.applicability(remote), {
      applies: false,
      explanation: 'The database is elsewhere.',
    });
  }
});
