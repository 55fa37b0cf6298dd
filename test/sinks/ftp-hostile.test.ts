import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import {
  FtpSink,
  Secret,
  isBackupError,
  retryingSink,
  type BackupError,
  type FtpSinkOptions,
} from 'gateway-backup';
import { freePort } from '#dist/testing/free-port.js';
import { canary, ftpError } from '../support/ftp-failure.js';
import { recordingContext, testImage } from '../support/ftp-image.js';
import { startFtpStage } from '../support/ftp-stage.js';
import { ensure, programOf } from '../support/prerequisites.js';
import type { FtpScript, ScriptedSession } from '../support/scripted-ftp-server.js';

const image = testImage(300_007);
const stage = await startFtpStage(image, { connectTimeoutMs: 300, replyTimeoutMs: 300, idleTimeoutMs: 300 });
const { server, options } = stage;

/** The error of an upload, which must be over within the limits and a second. */
async function fails(script: FtpScript, more: Partial<FtpSinkOptions> = {}): Promise<BackupError> {
  const startedAt = performance.now();
  const error = await stage.fails(script, more);
  const ms = performance.now() - startedAt;
  assert.ok(ms < 2500, `took ${ms} ms`);
  return error;
}

const long = 'x'.repeat(4096);
const bad = ['a\rb', 'a\nb', 'a\r\nDELE b', 'a\0b', 'a\u00ffb', '\ud800', long];
const refused: readonly (readonly [string, RegExp, Partial<FtpSinkOptions>])[] = [
  ...[
    ...bad,
    '../x.zip',
    'a/../x.zip',
    'a/..',
    '-x.zip',
    ' x.zip',
    'a/-b/x.zip',
    'a/ b/x.zip',
    'folder/',
    '',
  ].map((remotePath) => ['image name', /-image/, { remotePath }] as const),
  ...[...bad, '', ' bob', '-bob'].map((user) => ['user', /-ftp_user/, { user }] as const),
  ...bad.map((text) => ['password', /-ftp_pass/, { password: canary + text }] as const),
  ...[...bad, '', '-host', ' ', 'ftps://host', 'a b', `bob:${canary}@host`].map(
    (host) => ['host', /-ftp_host/, { host }] as const,
  ),
  ...[0, -1, 65536, 1.5, Number.NaN].map((port) => ['port', /-ftp_host/, { port }] as const),
];

for (const [what, option, more] of refused) {
  const shown = JSON.stringify(Object.values(more)[0]).replace(canary, '').slice(0, 30);
  test(`the ${what} ${shown} is refused before a connection is opened`, () => {
    assert.throws(
      () => new FtpSink(options(more)),
      (error) => {
        assert.ok(isBackupError(error));
        assert.equal(error.code, 'INVALID_OPTIONS');
        assert.equal(error.stage, 'options');
        assert.ok(error.reason !== undefined);
        assert.match(error.message, option);
        assert.ok(!error.message.includes(canary));
        assert.ok(error.message.length < 300);
        return true;
      },
    );
    assert.equal(server.connections, 0);
  });
}

test('a password from a function, or wrapped, is checked before a connection is opened', async () => {
  for (const password of [new Secret(`${canary}\r\nDELE x`), () => `${canary}\n`]) {
    const context = recordingContext();
    const error = await ftpError(new FtpSink(options({ password })).store(image, context), context);
    assert.equal(error.code, 'INVALID_OPTIONS');
  }
  assert.equal(server.connections, 0);
});

test('a password may start with a dash or a space and hold any printable character', async () => {
  const password = '- pä$$ "wörd\\%😀';
  await new FtpSink(options({ password })).store(image, recordingContext());
  assert.ok(server.commands.includes(`PASS ${password}`));
});

test('a stamped name that FTP cannot carry is refused before a connection is opened', async () => {
  const context = recordingContext();
  for (const name of ['a\nb', 'a/b', '..', long]) {
    const sink = new FtpSink(options());
    assert.equal((await ftpError(sink.prepare(name, context), context)).code, 'INVALID_OPTIONS');
    assert.equal((await ftpError(sink.store({ ...image, name }, context), context)).code, 'INVALID_OPTIONS');
  }
  assert.equal(server.connections, 0);
});

/** Writes until the client has had enough, a chunk at a time. */
async function flood(session: ScriptedSession, text: string, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes && session.control.writable; sent += text.length) {
    if (!session.control.write(text))
      await Promise.race([once(session.control, 'drain'), once(session.control, 'close')]);
  }
}

for (const [what, text] of [
  ['a greeting of 100 MB without an end', 'x'.repeat(65_536)],
  ['a multi-line greeting of 100 MB', `220-${'x'.repeat(1000)}\r\n`.repeat(64)],
  ['100 MB of lines that are no replies', 'no reply\r\n'.repeat(6500)],
] as const) {
  test(`${what} is cut off at 64 KiB`, async () => {
    const before = process.memoryUsage().rss;
    const error = await fails({ greeting: (session) => flood(session, text, 100 * 2 ** 20) });
    assert.match(String(error.reason), /^(reply-too-long|connect-timeout)$/);
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    console.log(`${what}: rss grew by ${grown.toFixed(0)} MiB`);
    assert.ok(grown < 64);
  });
}

test('an endless answer to a command is cut off too', async () => {
  const error = await fails({
    SIZE: (session) => flood(session, '213-more\r\n'.repeat(6000), 100 * 2 ** 20),
  });
  assert.equal(error.reason, 'reply-too-long');
  assert.equal(error.retryable, false);
});

for (const verb of ['greeting', 'USER', 'PASS', 'TYPE', 'SIZE', 'EPSV', 'STOR', 'RNFR', 'RNTO']) {
  test(`a server that drips an answer to ${verb} byte by byte is not waited for`, async () => {
    const error = await fails({
      [verb]: (session) => {
        session.control.write('2');
        const timer = setInterval(() => session.control.write('2'), 20);
        session.control.once('close', () => {
          clearInterval(timer);
        });
      },
    });
    assert.equal(error.reason, verb === 'greeting' ? 'connect-timeout' : 'idle-timeout');
    assert.equal(server.files.size, 0);
  });

  test(`a server that falls silent at ${verb} is not waited for`, async () => {
    const error = await fails({ [verb]: () => undefined });
    assert.equal(error.reason, verb === 'greeting' ? 'connect-timeout' : 'idle-timeout');
    assert.equal(error.retryable, true);
    assert.equal(server.files.size, 0);
  });

  test(`a server that hangs up at ${verb} is a lost connection`, async () => {
    const error = await fails({
      [verb]: (session) => {
        session.drop('RST');
      },
    });
    assert.equal(error.reason, 'connection-lost');
    assert.equal(error.code, verb === 'greeting' ? 'SINK_UNAVAILABLE' : 'SINK_FAILED');
    assert.equal(error.retryable, true);
    assert.equal(server.files.size, 0);
  });
}

test('a server that takes no data is given up after the idle limit', async () => {
  const big = testImage(20_000_000);
  server.script = {
    STOR: async (session, argument) => {
      server.files.set(`/home/${argument}`, Buffer.alloc(0));
      session.reply('150 go on');
      (await session.data()).pause();
    },
  };
  const context = recordingContext();
  const error = await ftpError(new FtpSink(options()).store(big, context), context, big);
  assert.equal(error.reason, 'idle-timeout');
  assert.equal(server.files.size, 0);
});

test('a slow server that goes on taking data is waited for', async () => {
  server.script = {
    data: () => new Promise((resolve) => setTimeout(resolve, 40)),
  };
  const slow = testImage(1_500_000);
  const startedAt = performance.now();
  await new FtpSink(options({ idleTimeoutMs: 300 })).store(slow, recordingContext());
  assert.ok(performance.now() - startedAt > 300);
  assert.ok(server.files.get(`/home/${slow.name}`)!.equals(slow.content));
});

const dataRefusals: readonly (readonly [string, FtpScript, string])[] = [
  [
    'PASV to another host',
    { EPSV: line('500 no'), PASV: line('227 x (10,99,99,99,200,10)') },
    'data-address-refused',
  ],
  [
    'PASV to another loopback',
    { EPSV: line('500 no'), PASV: line('227 x (127,0,0,2,200,10)') },
    'data-address-refused',
  ],
  ['PASV to port 22', { EPSV: line('500 no'), PASV: line('227 x (127,0,0,1,0,22)') }, 'data-address-refused'],
  ['EPSV to port 22', { EPSV: line('229 x (|||22|)'), PASV: line('502 no') }, 'data-address-refused'],
  ['PASV garbage', { EPSV: line('500 no'), PASV: line('227 x (127,0,0,1,300,1)') }, 'protocol-error'],
  ['PASV digits', { EPSV: line('500 no'), PASV: line(`227 ${'1'.repeat(50_000)}`) }, 'protocol-error'],
  ['EPSV garbage', { EPSV: line('229 (|||99999|)'), PASV: line('500 no') }, 'protocol-error'],
  ['EPSV without a number', { EPSV: line('229 over there'), PASV: line('227 nowhere') }, 'protocol-error'],
  ['no passive mode at all', { EPSV: line('500 no'), PASV: line('502 no') }, 'protocol-error'],
  ['425 to PASV', { EPSV: line('500 no'), PASV: line('425 no') }, 'data-connection-failed'],
  ['421 to EPSV', { EPSV: line('421 bye') }, 'server-busy'],
];

function line(text: string): (session: ScriptedSession) => void {
  return (session) => {
    session.reply(text);
  };
}

for (const [what, script, reason] of dataRefusals) {
  test(`${what} is refused as ${reason}, and no data connection is opened`, async () => {
    const error = await fails(script);
    assert.equal(error.reason, reason);
    assert.equal(server.dataConnections, 0);
  });
}

test('a data port that nobody listens on is a failed data connection', async () => {
  const port = await freePort();
  const error = await fails({ EPSV: line(`229 x (|||${port}|)`), PASV: line('502 no') });
  assert.deepEqual([error.reason, error.retryable], ['data-connection-failed', true]);
});

test('PASV is used where EPSV is not offered, and where its port does not answer', async () => {
  for (const answer of ['500 no', '229 garbage', '229 (|||1024|)']) {
    server.files.clear();
    server.script = { EPSV: line(answer) };
    await new FtpSink(options()).store(image, recordingContext());
    assert.ok(server.files.get(`/home/${image.name}`)!.equals(image.content));
  }
});

test('answers that come before their time lead to an error, never to a wrong success', async () => {
  for (const script of [
    { TYPE: line('200 yes\r\n213 300007') },
    { EPSV: line('226 done\r\n229 (|||1|)') },
    { PASS: line('230 yes\r\n226 done\r\n250 done') },
    { STOR: line('150 go\r\n226 done\r\n213 300007\r\n550 no\r\n350 go\r\n250 done\r\n213 300007') },
  ]) {
    const context = recordingContext();
    server.script = script;
    server.files.clear();
    const outcome = await new FtpSink(options()).store(image, context).catch((error: unknown) => error);
    if (isBackupError(outcome)) assert.ok(outcome.reason !== undefined);
    else assert.ok(server.files.get(`/home/${image.name}`)?.equals(image.content) === true);
  }
});

test('a server that always wants one more password is left', async () => {
  const error = await fails({ PASS: line('331 again') });
  assert.equal(server.verbs().filter((verb) => verb === 'PASS').length, 1);
  assert.equal(error.reason, 'protocol-error');
});

test('a login that is refused late is refused, and not tried again', async () => {
  server.script = {
    PASS: async (session) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      session.reply('530 wrong');
    },
  };
  const context = recordingContext();
  const sink = retryingSink(new FtpSink(options()), { delayMs: 1 });
  assert.equal((await ftpError(sink.prepare!(image.name, context), context)).reason, 'login-refused');
  assert.equal((await ftpError(sink.store(image, context), context)).reason, 'login-refused');
  assert.equal(server.connections, 2);
});

test('an unknown host, a refused port and a server that never answers are told apart', async () => {
  const error = await fails({}, { host: 'no-such-host.invalid', connectTimeoutMs: 2000 });
  assert.deepEqual([error.code, error.reason], ['SINK_UNAVAILABLE', 'host-unknown']);

  const port = await freePort();
  const refusal = await fails({}, { port });
  assert.deepEqual(
    [refusal.code, refusal.reason, refusal.retryable],
    ['SINK_UNAVAILABLE', 'connection-refused', true],
  );
});

test('a host that swallows packets is given up at the connect limit', { timeout: 20_000 }, async () => {
  await ensure('python');
  // A listener that accepts nothing and whose queue is full: the system drops every further attempt.
  const program = `
import socket, sys
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0)
print(s.getsockname()[1], flush=True)
sys.stdin.read()`;
  const child = spawn(programOf('python', 'python3'), ['-c', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const fillers = [];
  try {
    const [text] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(text.toString());
    for (let index = 0; index < 4; index++)
      fillers.push(connect(port, '127.0.0.1').on('error', () => undefined));
    await once(fillers[0]!, 'connect');
    const error = await fails({}, { port });
    assert.deepEqual(
      [error.code, error.reason, error.retryable],
      ['SINK_UNAVAILABLE', 'connect-timeout', true],
    );
  } finally {
    for (const filler of fillers) filler.destroy();
    child.stdin.end();
    await once(child, 'close');
  }
});

test('no socket is left open to the server', async () => {
  assert.equal(await server.openSockets(), 0);
});
