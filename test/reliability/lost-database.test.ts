import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { isBackupError, runBackup, verifyImage, type BackupEvent, type BackupReport } from 'gateway-backup';
import { sampleImageEntries } from 'gateway-backup/testing';
import { assertNothingLeft, takeStock } from '../support/leak-check.js';
import { imageContents, imagePaths } from '../support/read-image.js';
import { WatchedNode } from './watched-node.js';

// The database is lost in the middle of a whole run: once, twice, for good. The other components must not notice.

describe('a run whose database is lost', () => {
  let node: WatchedNode;
  before(async () => {
    node = await WatchedNode.start({ database: { mainMegabytes: 25, auditMegabytes: 25 } });
    await node.server.query(killReaders);
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
  });
  beforeEach(() => node.clear());

  /** Runs the whole backup; `strike` happens meanwhile. */
  async function run(strike: () => Promise<unknown>): Promise<BackupReport> {
    const held = takeStock();
    let striking: Promise<unknown> | undefined;
    const onEvent = ({ type }: BackupEvent): void => {
      if (type === 'component-started') striking ??= strike();
    };
    const report = await runBackup({ image: node.image, includeAudits: true }, { ...node.host, onEvent });
    await striking;
    await assertNothingLeft(held, { emptyFolders: [node.work] });
    return report;
  }

  /** Kills the sessions that read this table, as often as told; gives how many it did not find in time. */
  const kill = async (table: string, times: number): Promise<string> => {
    const left = await node.server.query(`CALL test.kill_readers('SELECT%${table}%', ${times})`);
    return left.trim();
  };

  async function assertOthersWhole(report: BackupReport, failed: readonly string[]): Promise<void> {
    const { path } = report.image!;
    const { valid, faults } = await verifyImage(path);
    assert.ok(valid, JSON.stringify(faults));
    const expected = Object.entries(sampleImageEntries)
      .filter(([component]) => component !== 'esm' && !failed.includes(component))
      .flatMap(([, entries]) => entries);
    const own = ['version', 'backup.json', 'manifest.log'];
    assert.deepEqual((await imagePaths(path)).sort(), [...expected, ...own].sort());
    const outcomes = Object.fromEntries(
      report.components.map(({ component, status }) => [component, status]),
    );
    for (const [component, status] of Object.entries(outcomes)) {
      if (component !== 'esm')
        assert.equal(status, failed.includes(component) ? 'failed' : 'collected', component);
    }
  }

  test('killed once in mid-dump: the component is collected again from its beginning, and whole', async () => {
    let left = '';
    const report = await run(async () => (left = await kill('policy_version', 1)));
    assert.equal(left, '0', 'a session was killed');
    assert.equal(report.status, 'success', JSON.stringify(report.components));
    await assertOthersWhole(report, []);
    const sql = (await imageContents(report.image.path)).get('maindb/main_backup.sql')!.toString('latin1');
    const rows = await node.server.query('SELECT COUNT(*) FROM policy_version', node.database);
    const dumped = sql.match(/^INSERT INTO policy_version .*$/gm) ?? [];
    const tuples = dumped.join('\n').split('),(').length;
    assert.ok(dumped.length > 0 && tuples > 0 && Number(rows) > 0);
    await node.check(undefined);
  });

  test('killed at both attempts: it fails by name, the audits and all others are whole', async () => {
    let left = '';
    const report = await run(async () => (left = await kill('policy_version', 2)));
    assert.equal(left, '0', 'two sessions were killed');
    assert.equal(report.status, 'partial');
    const { reason, code } = report.components.find(({ component }) => component === 'maindb') as {
      reason: string;
      code: string;
    };
    assert.equal(code, 'DATABASE_DUMP_FAILED');
    assert.match(reason, /database|connection/i);
    await assertOthersWhole(report, ['maindb']);
    await node.check(undefined);
  });

  test('the audits killed at both attempts: the main database and all others are whole', async () => {
    let left = '';
    const report = await run(async () => (left = await kill('audit_detail_params', 2)));
    assert.equal(left, '0', 'two sessions were killed');
    assert.equal(report.status, 'partial');
    await assertOthersWhole(report, ['audits']);
    await node.check(undefined);
  });

  test('a server that crashes and stays away: both components fail, each with a reason, and all others are whole', async () => {
    const report = await run(() => node.server.kill());
    try {
      assert.equal(report.status, 'partial');
      await assertOthersWhole(report, ['maindb', 'audits']);
      for (const each of report.components) if (each.status === 'failed') assert.match(each.reason, /\S/);
    } finally {
      await node.server.restart();
    }
    await node.check(undefined);
  });

  test('a server that is restarted in mid-dump: whole by the second attempt, or failed by name, nothing between', async () => {
    const report = await run(() => node.server.restart());
    const failed = report.components
      .filter(({ status }) => status === 'failed')
      .map(({ component }) => component);
    assert.ok(failed.every((component) => component === 'maindb' || component === 'audits'));
    assert.equal(report.status, failed.length === 0 ? 'success' : 'partial');
    await assertOthersWhole(report, failed);
    await node.check(undefined);
  });

  test('with -halt, killed at both attempts: no image, and the component is named', async () => {
    const held = takeStock();
    const killing = kill('policy_version', 2);
    await assert.rejects(runBackup({ image: node.image, haltOnFirstFailure: true }, node.host), (error) => {
      assert.ok(isBackupError(error));
      assert.equal(error.code, 'COMPONENT_FAILED');
      assert.equal(error.component, 'maindb');
      return true;
    });
    assert.equal(await killing, '0');
    await assertNothingLeft(held, { emptyFolders: [node.work, node.folder] });
    await node.check(undefined);
  });
});

/** Looks every few milliseconds, from inside the server, for up to twenty seconds. */
const killReaders = `
CREATE DATABASE test;
DELIMITER //
CREATE PROCEDURE test.kill_readers(IN pattern VARCHAR(100), IN times INT)
BEGIN
  DECLARE found, last BIGINT DEFAULT 0;
  DECLARE rounds INT DEFAULT 0;
  WHILE times > 0 AND rounds < 4000 DO
    SELECT IFNULL(MIN(id), 0) INTO found FROM information_schema.PROCESSLIST
      WHERE user = 'gateway' AND id > last AND info LIKE pattern AND info NOT LIKE '%information_schema%';
    IF found > 0 THEN
      KILL found;
      SET last = found, times = times - 1;
    ELSE
      DO SLEEP(0.005);
    END IF;
    SET rounds = rounds + 1;
  END WHILE;
  SELECT times;
END//
`;
