import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { isBackupError, type BackupError } from 'gateway-backup';
import { createConnection, type Connection } from 'mysql2/promise';
import { dumpMainDatabase } from '#dist/database/database-dump.js';
import type { MysqlSession } from '#dist/database/mysql-session.js';
import { BlockPool } from '#dist/image/block-pool.js';
import { collectBytes, DatabaseServer, login } from '../support/database-server.js';
import { assertNothingLeft, takeStock, until } from '../support/leak-check.js';
import { seededRandom } from '../support/seeded-random.js';
import { rounds, testSeed } from '../support/soak.js';
import { TcpProxy } from '../support/tcp-proxy.js';

let server: DatabaseServer;
let admin: Connection;
let source: string;
let whole: Buffer;

before(async () => {
  server = await DatabaseServer.start(['--innodb-flush-log-at-trx-commit=0', '--net-write-timeout=1']);
  source = await server.create(`
    CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(2000)); INSERT INTO a SELECT seq, REPEAT('x', 500) FROM seq_1_to_1000;
    CREATE TABLE b (id INT PRIMARY KEY, v LONGBLOB); INSERT INTO b SELECT seq, RANDOM_BYTES(1000) FROM seq_1_to_1000;
    CREATE TABLE c (id INT PRIMARY KEY); INSERT INTO c VALUES (1);`);
  await server.create('CREATE TABLE t (a INT)');
  admin = await createConnection({ socketPath: server.mariadb.socketPath, user: 'root' });
  await using session = await server.open(source);
  whole = await collectBytes(dumpMainDatabase(session).blocks);
});

after(async () => {
  admin.destroy();
  await server[Symbol.asyncDispose]();
});

/** What the server is doing for the Gateway's user. */
async function statements(): Promise<readonly string[]> {
  const [rows] = await admin.query(
    `SELECT COALESCE(INFO, '') AS info FROM information_schema.PROCESSLIST WHERE USER = '${login.user}' AND COMMAND = 'Query'`,
  );
  return (rows as { info: string }[]).map(({ info }) => info);
}

/** Dumps everything; takes the blocks as a compressor would. */
async function dumpAll(session: MysqlSession, onBlock?: () => Promise<void>): Promise<Buffer> {
  const pool = new BlockPool();
  const copies: Buffer[] = [];
  for await (const block of dumpMainDatabase(session, { pool }).blocks) {
    copies.push(Buffer.from(block));
    pool.release(block);
    await onBlock?.();
  }
  assert.equal(pool.lent, 0, 'every block is given back');
  return Buffer.concat(copies);
}

function asBackupError(error: unknown): BackupError {
  assert.ok(isBackupError(error), inspect(error));
  assert.ok(!inspect(error, { depth: 9 }).includes(login.password), 'shows the password');
  return error;
}

test(
  'a connection that is cut at any byte fails the dump at once, and never looks whole',
  { timeout: 120_000 },
  async () => {
    const random = seededRandom(testSeed('cut'));
    const stock = takeStock();
    const count = rounds(100, 1000);
    const reasons = new Map<string, number>();
    await using proxy = await TcpProxy.start({ host: server.mariadb.host, port: server.mariadb.port });
    for (let round = 0; round < count; round += 1) {
      const kind = (['rst', 'fin', 'kill'] as const)[round % 3]!;
      // Somewhat more than the server sends in all, so that the last bytes are met too.
      const offset = Math.floor(random() * 1_700_000);
      proxy.faults.toClient = kind === 'kill' ? undefined : { afterBytes: offset, then: kind };
      let session: MysqlSession | undefined;
      let cutAt = Infinity;
      let outcome: Buffer | undefined;
      try {
        session = await server.open(source, { host: proxy.host, port: proxy.port, retry: { delaysMs: [] } });
        if (kind === 'kill') {
          const [[id]] = (await session.query('SELECT CONNECTION_ID()')) as [[Buffer]];
          const killed = sleep(random() * 40).then(async () => {
            cutAt = performance.now();
            await admin.query(`KILL ${id.toString()}`).catch(() => undefined);
          });
          outcome = await dumpAll(session).finally(() => killed);
        } else outcome = await dumpAll(session);
      } catch (error) {
        const { code, reason } = asBackupError(error);
        assert.match(code, /^DATABASE_/);
        reasons.set(reason ?? '', (reasons.get(reason ?? '') ?? 0) + 1);
        if (cutAt !== Infinity) assert.ok(performance.now() - cutAt < 2000, 'within 2 s of the cut');
      } finally {
        await session?.close();
      }
      if (outcome !== undefined) assert.deepEqual(outcome, whole, 'a dump that succeeds is whole');
    }
    proxy.faults.toClient = undefined;
    assert.deepEqual(Array.from(reasons.keys()), ['connection-lost'], inspect(reasons));
    assert.ok(reasons.get('connection-lost')! > count / 3);
    await proxy.stop().catch(() => undefined);
    await assertNothingLeft(stock);
  },
);

test(
  'a server that falls silent in the middle of a result fails the dump at the idle limit',
  { timeout: 30_000 },
  async () => {
    await using proxy = await TcpProxy.start({ host: server.mariadb.host, port: server.mariadb.port });
    proxy.faults.toClient = { afterBytes: 200_000, then: 'stall' };
    const session = await server.open(source, { host: proxy.host, port: proxy.port, idleTimeoutMs: 2000 });
    const started = performance.now();
    const error = asBackupError(
      await dumpAll(session).then(
        () => assert.fail('it succeeded'),
        (reason: unknown) => reason,
      ),
    );
    const elapsed = performance.now() - started;
    assert.deepEqual([error.code, error.reason], ['DATABASE_DUMP_FAILED', 'idle-timeout']);
    assert.ok(elapsed > 1600 && elapsed < 4000, `after ${elapsed} ms`);
    await session.close();
  },
);

test(
  'a server that falls silent while we log in fails at the connect limit',
  { timeout: 30_000 },
  async () => {
    for (const afterBytes of [1, 60]) {
      await using proxy = await TcpProxy.start({ host: server.mariadb.host, port: server.mariadb.port });
      proxy.faults.toClient = { afterBytes, then: 'stall' };
      const started = performance.now();
      const error = asBackupError(
        await server.open(source, { host: proxy.host, port: proxy.port, connectTimeoutMs: 700 }).then(
          () => assert.fail('it succeeded'),
          (reason: unknown) => reason,
        ),
      );
      assert.deepEqual([error.code, error.reason], ['DATABASE_UNAVAILABLE', 'connect-timeout']);
      assert.ok(performance.now() - started < 1700);
    }
  },
);

test(
  'a sink that pauses longer than the server would wait by default costs nothing',
  { timeout: 60_000 },
  async () => {
    const name = await server.create(`
    CREATE TABLE big (id INT PRIMARY KEY, v LONGTEXT); INSERT INTO big SELECT seq, REPEAT('y', 100000) FROM seq_1_to_400;`);
    await using session = await server.open(name, { idleTimeoutMs: 500 });
    let blocks = 0;
    const dump = await dumpAll(session, async () => {
      blocks += 1;
      if (blocks === 2) await sleep(3000);
    });
    assert.ok(dump.length > 40_000_000);
  },
);

test(
  'a table that is changed after the snapshot fails the dump by its name, and a second try succeeds',
  { timeout: 60_000 },
  async (t) => {
    const changes: Readonly<Record<string, readonly [sql: string, reason: string]>> = {
      'column added': ['ALTER TABLE z ADD COLUMN n INT', 'table-changed'],
      'column added in the middle': ['ALTER TABLE z ADD COLUMN n INT FIRST', 'table-changed'],
      rebuilt: ['ALTER TABLE z ENGINE=InnoDB', 'table-changed'],
      'default changed': ['ALTER TABLE z ALTER COLUMN a SET DEFAULT 7', 'table-changed'],
      'comment changed': ["ALTER TABLE z COMMENT='new'", 'table-changed'],
      emptied: ['TRUNCATE TABLE z', 'table-changed'],
      dropped: ['DROP TABLE z', 'table-dropped'],
      swapped: [
        'RENAME TABLE z TO old; CREATE TABLE z LIKE old; INSERT INTO z SELECT a+1 FROM old',
        'table-changed',
      ],
    };
    for (const [what, [sql, reason]] of Object.entries(changes)) {
      await t.test(what, async () => {
        const name = await server.create(`
        CREATE TABLE a (id INT PRIMARY KEY, v LONGTEXT); INSERT INTO a SELECT seq, REPEAT('y', 100000) FROM seq_1_to_60;
        CREATE TABLE z (a INT); INSERT INTO z VALUES (1);`);
        await using session = await server.open(name);
        let changed = false;
        const error = asBackupError(
          await dumpAll(session, async () => {
            if (changed) return;
            changed = true;
            await server.mariadb.execute(sql, name);
          }).then(
            () => assert.fail('it succeeded'),
            (cause: unknown) => cause,
          ),
        );
        assert.deepEqual([error.code, error.reason, error.retryable], ['DATABASE_DUMP_FAILED', reason, true]);
        assert.match(error.message, /"z"/);
        assert.equal(session.usable, true);
        await dumpAll(session);
        assert.equal(session.snapshot.number, 2);
      });
    }
  },
);

test('a table that is made after the snapshot is not part of it', async () => {
  const name = await server.create(`
    CREATE TABLE a (id INT PRIMARY KEY, v LONGTEXT); INSERT INTO a SELECT seq, REPEAT('y', 100000) FROM seq_1_to_60;`);
  await using session = await server.open(name);
  let made = false;
  const dump = await dumpAll(session, async () => {
    if (!made) await server.mariadb.execute('CREATE TABLE z (a INT)', name);
    made = true;
  });
  assert.ok(!dump.includes('CREATE TABLE z'));
});

test('a table that is read does not hold up changes of tables already read', async () => {
  const name = await server.create(`
    CREATE TABLE a (id INT); CREATE TABLE b (id INT PRIMARY KEY, v LONGTEXT);
    INSERT INTO b SELECT seq, REPEAT('y', 100000) FROM seq_1_to_60;`);
  await using session = await server.open(name);
  let altered = false;
  await dumpAll(session, async () => {
    if (!altered)
      await server.mariadb.execute('SET lock_wait_timeout=2; ALTER TABLE a ADD COLUMN n INT', name);
    altered = true;
  });
  assert.equal(altered, true);
});

test(
  'a table that another session keeps locked fails the dump by its name',
  { timeout: 30_000 },
  async () => {
    const name = await server.create('CREATE TABLE a (id INT); CREATE TABLE locked (id INT) ENGINE=MyISAM;');
    await using session = await server.open(name);
    await session.query('SET lock_wait_timeout = 1');
    const locker = await createConnection({
      socketPath: server.mariadb.socketPath,
      user: 'root',
      database: name,
    });
    try {
      await locker.query('LOCK TABLES locked WRITE');
      const error = asBackupError(
        await dumpAll(session).then(
          () => assert.fail('it succeeded'),
          (cause: unknown) => cause,
        ),
      );
      assert.deepEqual([error.reason, error.retryable], ['table-locked', true]);
      assert.match(error.message, /"locked"/);
    } finally {
      locker.destroy();
    }
  },
);

test(
  'abort at any moment settles within a second and leaves no statement on the server',
  { timeout: 120_000 },
  async () => {
    const random = seededRandom(testSeed('abort'));
    const stock = takeStock();
    let cancelled = 0;
    for (let round = 0; round < rounds(50, 300); round += 1) {
      const controller = new AbortController();
      let abortedAt = Infinity;
      const timer = setTimeout(() => {
        abortedAt = performance.now();
        controller.abort(new Error('stop'));
      }, random() * 80);
      try {
        await using session = await server.open(source, {}, controller.signal);
        // Half of the time the consumer is the slow one.
        await dumpAll(session, round % 2 === 0 ? () => sleep(20) : undefined);
      } catch (error) {
        assert.ok(performance.now() - abortedAt < 1000 + 1500, 'settled in time, the session closed too');
        const { code, cause } = asBackupError(error);
        assert.deepEqual([code, (cause as Error).message], ['CANCELLED', 'stop']);
        cancelled += 1;
      } finally {
        clearTimeout(timer);
      }
      await until(async () => (await statements()).length === 0, 2000);
      await assertNothingLeft(stock, { signals: [controller.signal] });
    }
    assert.ok(cancelled > 10);
  },
);

test('a loop that is left early stops the statement, and the session goes on in the same snapshot', async () => {
  await using session = await server.open(source);
  const pool = new BlockPool();
  for await (const block of dumpMainDatabase(session, { pool }).blocks) {
    pool.release(block);
    break;
  }
  assert.equal(pool.lent, 0);
  assert.deepEqual(await statements(), []);
  assert.equal(session.usable, true);
  assert.deepEqual(await dumpAll(session), whole);
  assert.equal(session.snapshot.number, 1);
});

test(
  'a server that is restarted in the middle fails the dump, and a new session works',
  { timeout: 60_000 },
  async () => {
    // What was committed has to be there after the crash.
    await using own = await DatabaseServer.start(['--innodb-flush-log-at-trx-commit=1']);
    const name = await own.create(`
    CREATE TABLE big (id INT PRIMARY KEY, v LONGTEXT); INSERT INTO big SELECT seq, REPEAT('y', 100000) FROM seq_1_to_200;`);
    const session = await own.open(name);
    let killed = false;
    const error = asBackupError(
      await dumpAll(session, async () => {
        if (!killed) await own.mariadb.kill();
        killed = true;
      }).then(
        () => assert.fail('it succeeded'),
        (cause: unknown) => cause,
      ),
    );
    assert.deepEqual([error.reason, error.retryable], ['connection-lost', true]);
    await session.close();
    await own.mariadb.restart();
    await using again = await own.open(name);
    assert.ok((await dumpAll(again)).length > 20_000_000);
  },
);

test('a dump under a writer is of one instant', { timeout: 120_000 }, async () => {
  const name = await server.create(`
    CREATE TABLE left_side (id INT PRIMARY KEY, amount INT, pad VARCHAR(300));
    CREATE TABLE right_side (id INT PRIMARY KEY, amount INT, pad VARCHAR(300));
    INSERT INTO left_side SELECT seq, 1000, REPEAT('p', 300) FROM seq_1_to_5000;
    INSERT INTO right_side SELECT seq, 1000, REPEAT('p', 300) FROM seq_1_to_5000;`);
  let running = true;
  let transactions = 0;
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    const random = seededRandom(writer + 1);
    const connection = await createConnection({
      socketPath: server.mariadb.socketPath,
      user: 'root',
      database: name,
      multipleStatements: true,
    });
    while (running) {
      const [from, to] = random() < 0.5 ? ['left_side', 'right_side'] : ['right_side', 'left_side'];
      // Each writer has rows of its own, so that none waits for another, let alone for ever.
      const id = writer * 1250 + 1 + Math.floor(random() * 1250);
      try {
        await connection.query(
          `START TRANSACTION; UPDATE ${from} SET amount = amount - 7 WHERE id = ${id};
           UPDATE ${to} SET amount = amount + 7 WHERE id = ${5001 - id}; COMMIT`,
        );
        transactions += 1;
      } catch (error) {
        // The server may choose one all the same, and undoes all of it: the sum stays what it was.
        if ((error as { code?: unknown }).code !== 'ER_LOCK_DEADLOCK') throw error;
      }
    }
    connection.destroy();
  });
  const started = performance.now();
  for (let round = 0; round < rounds(20, 100); round += 1) {
    await using session = await server.open(name);
    const text = (await dumpAll(session)).toString('latin1');
    let sum = 0;
    for (const [, amount] of text.matchAll(/\(\d+,(-?\d+),'p/g)) sum += Number(amount);
    assert.equal(sum, 10_000_000);
  }
  running = false;
  await Promise.all(writers);
  console.log(`${Math.round(transactions / ((performance.now() - started) / 1000))} transactions a second`);
});
