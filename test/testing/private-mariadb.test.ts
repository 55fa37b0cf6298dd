import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { PrivateMariaDb, sampleDatabaseSql } from 'gateway-backup/testing';

describe('a private MariaDB', () => {
  let server: PrivateMariaDb;
  before(async () => {
    server = await PrivateMariaDb.start({ serverArguments: ['--net-write-timeout=2'] });
  });
  after(async () => {
    await server.stop();
    assert.equal(existsSync(server.directory), false);
  });

  test('takes further server arguments', async () => {
    assert.equal(await server.query('SELECT @@global.net_write_timeout'), '2\n');
  });

  test('gives a database user all rights on its own database and none elsewhere', async () => {
    await server.createDatabase('with_underscore', { user: 'gateway', password: `it's \\ secret` });
    const grants = await server.query("SHOW GRANTS FOR 'gateway'@'%'");
    assert.match(grants, /GRANT USAGE ON \*\.\* TO/u);
    assert.match(grants, /GRANT ALL PRIVILEGES ON `with\\\\_underscore`\.\* TO/u);
  });

  test('keeps its data and its port over a crash', async () => {
    await server.createDatabase('kept');
    await server.execute(
      'CREATE TABLE t (a FLOAT, b VARBINARY(9)); INSERT INTO t VALUES (16777217.1, 0x00ff), (2, NULL)',
      'kept',
    );
    const [before, port] = [await server.dumpHex('kept'), server.port];
    await server.kill();
    await assert.rejects(server.query('SELECT 1'), { code: 'INTERNAL', reason: 'program-failed' });
    await server.restart();
    assert.equal(await server.dumpHex('kept'), before);
    assert.equal(server.port, port);
    assert.match(before, /3136373737323138\t00FF\n32\tNULL\n/u);
  });

  test('names what a statement got wrong', async () => {
    await assert.rejects(server.execute('SELECT * FROM nowhere.nothing'), /ERROR 1146/u);
  });

  test('takes the same sample database twice and gives the same dump', async () => {
    await server.createDatabase('one');
    await server.createDatabase('two');
    await server.execute(sampleDatabaseSql(), 'one');
    await server.execute(sampleDatabaseSql(), 'two');
    assert.equal(await server.dumpHex('one'), await server.dumpHex('two'));
  });
});

test('a server that cannot start says why', async () => {
  await assert.rejects(PrivateMariaDb.start({ serverArguments: ['--no-such-argument'] }), (error: Error) => {
    assert.match(error.message, /no-such-argument/u);
    assert.equal((error as { code?: string }).code, 'DATABASE_UNAVAILABLE');
    return true;
  });
});
