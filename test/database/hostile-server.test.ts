import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { isBackupError, type BackupError } from 'gateway-backup';
import { openMysqlSession, type MysqlSession } from '#dist/database/mysql-session.js';
import { Secret } from '#dist/secrets/secret.js';
import {
  answerUntil,
  cachingSha2,
  columnDefinition,
  eof,
  greeting,
  letIn,
  ok,
  ScriptedMysqlServer,
  type Script,
} from '../support/scripted-mysql-server.js';
import { login, type DatabaseSessionConfig } from '../support/database-server.js';

const MIB = 1024 * 1024;

function open(
  server: ScriptedMysqlServer,
  overrides: Partial<DatabaseSessionConfig> = {},
): Promise<MysqlSession> {
  return openMysqlSession({
    host: server.host,
    port: server.port,
    name: 'ssg',
    user: login.user,
    password: new Secret(login.password),
    connectTimeoutMs: 3000,
    idleTimeoutMs: 3000,
    retry: { delaysMs: [] },
    ...overrides,
  });
}

/** What the session makes of a server's script; its connection is closed afterwards. */
async function outcome(
  script: Script,
  use: (session: MysqlSession) => Promise<unknown> = (session) => session.query('SELECT trap'),
  overrides: Partial<DatabaseSessionConfig> = {},
): Promise<BackupError> {
  await using server = await ScriptedMysqlServer.start(script);
  let session: MysqlSession | undefined;
  const resident = process.memoryUsage().rss;
  try {
    session = await open(server, overrides);
    await use(session);
  } catch (error) {
    assert.ok(isBackupError(error), inspect(error));
    assert.ok(!inspect(error, { depth: 9 }).includes(login.password), 'shows the password');
    assert.ok(process.memoryUsage().rss - resident < 256 * MIB, 'takes little memory');
    return error;
  } finally {
    await session?.close();
  }
  return assert.fail('it succeeded');
}

/** A script that begins like a good server, until it is asked the question. */
const trap =
  (answer: Script): Script =>
  async (connection) => {
    await letIn(connection);
    await answerUntil(connection, /trap/);
    await answer(connection);
  };

test('a server that asks for a local file gets none', { timeout: 20_000 }, async () => {
  let sent: Buffer | undefined;
  const error = await outcome(
    trap(async (connection) => {
      connection.send(Buffer.concat([Buffer.from([0xfb]), Buffer.from('/etc/passwd')]));
      sent = await connection.read();
      connection.send(ok);
    }),
  );
  assert.match(error.code, /^DATABASE_/);
  assert.equal(sent?.length ?? 0, 0);
});

test('a server that wants the password in clear text does not get it', { timeout: 20_000 }, async () => {
  let received = Buffer.alloc(0);
  const error = await outcome(async (connection) => {
    connection.socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
    });
    connection.send(greeting());
    await connection.read();
    connection.send(Buffer.concat([Buffer.from([0xfe]), Buffer.from('mysql_clear_password\0')]));
    await connection.read();
    connection.send(ok);
  });
  assert.deepEqual([error.code, error.reason], ['DATABASE_UNAVAILABLE', 'auth-refused']);
  assert.ok(!received.includes(login.password));
});

test('a server that wants an unknown or ancient way to log in is refused', { timeout: 20_000 }, async () => {
  for (const plugin of ['mysql_old_password', 'toString', '__proto__', 'dialog']) {
    const error = await outcome(async (connection) => {
      connection.send(greeting());
      await connection.read();
      connection.send(Buffer.concat([Buffer.from([0xfe]), Buffer.from(`${plugin}\0`)]));
      await connection.read();
    });
    assert.equal(error.code, 'DATABASE_UNAVAILABLE');
    assert.equal(error.retryable, false);
  }
});

test('an endless greeting is cut off', { timeout: 20_000 }, async () => {
  const error = await outcome(async ({ socket }) => {
    const junk = Buffer.alloc(64 * 1024, 0x41);
    junk.writeUIntLE(0xffffff, 0, 3);
    await flood(socket, junk, 400 * MIB);
  });
  assert.equal(error.code, 'DATABASE_UNAVAILABLE');
});

test('a result that claims a million columns is cut off', { timeout: 30_000 }, async () => {
  const error = await outcome(
    trap(async (connection) => {
      connection.send(Buffer.from([0xfd, 0x40, 0x42, 0x0f]));
      for (let i = 0; i < 1_000_000 && !connection.socket.destroyed; i += 1) {
        connection.send(columnDefinition(`column_${i}`));
        if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }),
  );
  assert.equal(error.reason, 'protocol-violation');
});

test('a row that never ends is cut off at the limit', { timeout: 60_000 }, async () => {
  const error = await outcome(
    trap(async (connection) => {
      connection.send(Buffer.from([1]));
      connection.send(columnDefinition('c'));
      connection.send(eof);
      const largest = Buffer.alloc(0xffffff, 0x41);
      largest[0] = 0xfe;
      largest.writeBigUInt64LE(0xffff_ffffn, 1);
      for (let i = 0; i < 260 && !connection.socket.destroyed; i += 1) {
        connection.send(largest);
        await new Promise((resolve) => connection.socket.once('drain', resolve).once('close', resolve));
      }
    }),
    undefined,
    { maxRowBytes: 64 * MIB },
  );
  assert.equal(error.reason, 'row-too-large');
});

test(
  'garbage, answers cut short, and two results for one question do no harm',
  { timeout: 30_000 },
  async () => {
    const answers: Readonly<Record<string, Script>> = {
      garbage: async ({ socket }) => {
        await flood(socket, Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 37) & 0xff)), MIB);
      },
      'an error without text': (connection) => {
        connection.send(Buffer.from([0xff]));
        return Promise.resolve();
      },
      'packets out of order': ({ socket }) => {
        socket.write(Buffer.from([1, 0, 0, 77, 1, 1, 0, 0, 99, 1]));
        return Promise.resolve();
      },
      'two results': (connection) => {
        for (let i = 0; i < 2; i += 1) {
          connection.send(Buffer.from([1]));
          connection.send(columnDefinition('c'));
          connection.send(eof);
          connection.send(i === 0 ? Buffer.from([0xfe, 0, 0, 0x0a, 0]) : eof);
        }
        return Promise.resolve();
      },
      'hanging up': ({ socket }) => {
        socket.end();
        return Promise.resolve();
      },
      'a packet cut short': ({ socket }) => {
        socket.end(Buffer.from([200, 0, 0, 1, 1]));
        return Promise.resolve();
      },
    };
    for (const [what, answer] of Object.entries(answers)) {
      const error = await outcome(trap(answer), undefined, { idleTimeoutMs: 1000 });
      assert.match(error.code, /^DATABASE_/, what);
    }
  },
);

test('caching_sha2_password proves the password without showing it', { timeout: 20_000 }, async () => {
  for (const [full, viaSwitch, expected] of [
    [false, false, 'hash'],
    [false, true, 'hash'],
    [true, false, 'rsa'],
    [true, true, 'rsa'],
  ] as const) {
    let proof: string | undefined;
    await using server = await ScriptedMysqlServer.start(async (connection) => {
      proof = await cachingSha2(connection, login.password, { full, viaSwitch });
      connection.send(ok);
      await answerUntil(connection, /never/);
    });
    const session = await open(server);
    assert.equal(session.serverVersion, '8.0.0-scripted');
    await session.close();
    assert.equal(proof, expected);
  }
});

async function flood(socket: Parameters<Script>[0]['socket'], chunk: Buffer, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes && !socket.destroyed; sent += chunk.length) {
    if (!socket.write(chunk))
      await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
  }
}
