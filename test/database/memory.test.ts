import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DatabaseServer, login } from '../support/database-server.js';
import { isSoak } from '../support/soak.js';

const MIB = 1024 * 1024;
const run = promisify(execFile);

let server: DatabaseServer;

before(async () => {
  server = await DatabaseServer.start(['--max-allowed-packet=256M', '--innodb-flush-log-at-trx-commit=0']);
});

after(async () => {
  await server[Symbol.asyncDispose]();
});

/** Dumps and compresses in a process of its own; gives its peak resident size. */
async function peakOf(name: string): Promise<{ peakBytes: number; sqlBytes: number }> {
  const script = fileURLToPath(new URL('../support/dump-process.js', import.meta.url));
  const { host, port } = server.mariadb;
  const { stdout } = await run(process.execPath, [
    script,
    host,
    String(port),
    name,
    login.user,
    login.password,
  ]);
  return JSON.parse(stdout) as { peakBytes: number; sqlBytes: number };
}

test('memory does not grow with the database', { timeout: 1_800_000 }, async () => {
  const [small, large] = isSoak ? [100, 1024] : [50, 300];
  const peaks: number[] = [];
  for (const megabytes of [small, large]) {
    const name = await server.create(`
      CREATE TABLE t (id INT PRIMARY KEY, v TEXT, b BLOB);
      INSERT INTO t SELECT seq, REPEAT(MD5(seq), 40), RANDOM_BYTES(700) FROM seq_1_to_${Math.round((megabytes * MIB) / 2000)};`);
    const { peakBytes, sqlBytes } = await peakOf(name);
    console.log(
      `${megabytes} MiB of rows, ${Math.round(sqlBytes / MIB)} MiB of SQL: peak ${Math.round(peakBytes / MIB)} MiB`,
    );
    assert.ok(peakBytes <= 160 * MIB, `${peakBytes} bytes`);
    peaks.push(peakBytes);
    await server.mariadb.execute(`DROP DATABASE ${name}`);
  }
  assert.ok(peaks[1]! - peaks[0]! <= 32 * MIB, `grows by ${peaks[1]! - peaks[0]!} bytes`);
});

test('a row of 64 MiB takes no more than four times its size', { timeout: 300_000 }, async () => {
  const name = await server.create(`
    CREATE TABLE t (id INT PRIMARY KEY, b LONGBLOB, v LONGTEXT);
    INSERT INTO t VALUES (1, REPEAT(RANDOM_BYTES(1024), 65536), NULL), (2, NULL, REPEAT('a"b\\nc', 8000000)), (3, NULL, NULL);`);
  const { peakBytes } = await peakOf(name);
  console.log(`a row of 64 MiB: peak ${Math.round(peakBytes / MIB)} MiB`);
  assert.ok(peakBytes <= (64 + 4 * 64) * MIB, `${peakBytes} bytes`);
});
