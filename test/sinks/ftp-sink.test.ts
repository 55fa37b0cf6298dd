import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from 'gateway-backup';
import { assertNoSecret, canary as password, ftpError } from '../support/ftp-failure.js';
import { recordingContext, testImage, type RecordingContext } from '../support/ftp-image.js';
import { startFtpStage } from '../support/ftp-stage.js';

const image = testImage(1_000_003);
const { server, finalPath, sink, fails } = await startFtpStage(image, {
  connectTimeoutMs: 500,
  replyTimeoutMs: 500,
  idleTimeoutMs: 500,
});

test('an image goes into the login folder under its stamped name, byte for byte', async () => {
  const context = recordingContext();
  const stored = await sink().store(image, context);
  assert.deepEqual([...server.files.keys()], [finalPath]);
  assert.ok(server.files.get(finalPath)!.equals(image.content));
  assert.equal(stored.path, `ftp://127.0.0.1:${server.port}/${image.name}`);
  assert.deepEqual(context.warnings, []);
  assert.equal(context.progressed.at(-1), image.bytes);
  assert.equal(context.listeners(), 0);
  assertNoSecret(context);
  assert.ok(context.lines.some((line) => line.includes('PASS ###')));
  assert.deepEqual(
    server.verbs().filter((verb) => verb !== 'QUIT'),
    [...['USER', 'PASS', 'TYPE', 'SIZE', 'EPSV', 'STOR', 'SIZE', 'SIZE', 'RNFR', 'RNTO', 'SIZE']],
  );
});

test('an empty image is stored too', async () => {
  await sink().store(testImage(0, 'empty.zip'), recordingContext());
  assert.equal(server.files.get('/home/empty.zip')?.length, 0);
});

for (const [folder, path] of [
  ['in box', '/home/in box/'],
  ['größe', '/home/größe/'],
  ['/home/in box', '/home/in box/'],
  ['', '/'],
] as const) {
  test(`the folder '${folder}/' of the name given is used on the server`, async () => {
    const context = recordingContext();
    const ftp = sink({ remotePath: `${folder}/node 1.zip` });
    await ftp.prepare(image.name, context);
    const stored = await ftp.store(image, context);
    assert.deepEqual([...server.files.keys()], [`${path}${image.name}`]);
    assert.equal(
      decodeURIComponent(stored.path),
      `ftp://127.0.0.1:${server.port}/${folder === '' ? '' : folder}/${image.name}`,
    );
    assert.doesNotMatch(stored.path, /bob/);
  });
}

test('prepare logs in, looks, and leaves nothing behind', async () => {
  const context = recordingContext();
  await sink({ remotePath: 'in box/node1.zip' }).prepare(image.name, context);
  assert.equal(server.files.size, 0);
  assert.deepEqual(
    server.verbs().filter((verb) => verb !== 'QUIT'),
    ['USER', 'PASS', 'TYPE', 'CWD', 'SIZE'],
  );
  assert.equal(context.listeners(), 0);
});

test('a password may come from a function and is asked for once a connection', async () => {
  let asked = 0;
  await sink({ password: () => (asked++, Promise.resolve(new Secret(password))) }).store(
    image,
    recordingContext(),
  );
  assert.equal(asked, 1);
  assert.ok(server.commands.includes(`PASS ${password}`));
});

test('a name that is taken is refused by prepare and by store, and the file there is untouched', async () => {
  server.files.set(finalPath, Buffer.from('older'));
  for (const call of [
    (context: RecordingContext) => sink().prepare(image.name, context),
    (context: RecordingContext) => sink().store(image, context),
  ]) {
    const context = recordingContext();
    const error = await ftpError(call(context), context, image);
    assert.equal(error.code, 'SINK_REJECTED');
    assert.equal(error.reason, 'name-taken');
    assert.equal(error.retryable, false);
  }
  assert.equal(server.files.get(finalPath)?.toString(), 'older');
  assert.equal(server.files.size, 1);
});

test('a name taken while the image was uploaded is not overwritten', async () => {
  const error = await fails({
    data: (session) => {
      session.server.files.set(finalPath, Buffer.from('newer'));
    },
  });
  assert.equal(error.reason, 'name-taken');
  assert.deepEqual([...server.files.keys()], [finalPath]);
  assert.equal(server.files.get(finalPath)?.toString(), 'newer');
});

for (const [command, probes] of [
  ['MLST', { SIZE: '502 no', MLST: '250-yes\r\n x\r\n250 end' }],
  ['MDTM', { SIZE: '500 no', MLST: '500 no', MDTM: '213 20260101000000' }],
  ['RNFR', { SIZE: '502 no', MLST: '502 no', MDTM: '502 no', RNFR: '350 yes' }],
] as const) {
  test(`without SIZE, ${command} tells that a name is taken`, async () => {
    const script = Object.fromEntries(
      Object.entries(probes).map(([verb, line]) => [
        verb,
        (session: { reply(line: string): void }) => {
          session.reply(line);
        },
      ]),
    );
    assert.equal((await fails(script)).reason, 'name-taken');
  });
}

test('a folder that is not there is refused and not created', async () => {
  const error = await fails({}, { remotePath: 'nowhere/node1.zip' });
  assert.equal(error.code, 'SINK_REJECTED');
  assert.equal(error.reason, 'folder-missing');
  assert.ok(!server.verbs().includes('MKD'));
});

// Every step of an upload, against what a server can say there.
const steps: readonly (readonly [string, string, string, string, boolean])[] = [
  ['greeting', '421 too many users', 'SINK_UNAVAILABLE', 'server-busy', true],
  ['greeting', '120 ready in 5 minutes', 'SINK_UNAVAILABLE', 'server-busy', true],
  ['greeting', '554 go away', 'SINK_FAILED', 'protocol-error', false],
  ['greeting', '331 password', 'SINK_FAILED', 'protocol-error', false],
  ['USER', '530 no', 'SINK_REJECTED', 'login-refused', false],
  ['USER', '421 no', 'SINK_UNAVAILABLE', 'server-busy', true],
  ['USER', '999 what', 'SINK_REJECTED', 'login-refused', false],
  ['PASS', '530 wrong', 'SINK_REJECTED', 'login-refused', false],
  ['PASS', '332 account', 'SINK_REJECTED', 'login-refused', false],
  ['PASS', '430 wrong', 'SINK_REJECTED', 'login-refused', false],
  ['PASS', '421 busy', 'SINK_UNAVAILABLE', 'server-busy', true],
  ['PASS', '450 later', 'SINK_FAILED', 'server-error', true],
  ['TYPE', '504 no', 'SINK_FAILED', 'protocol-error', false],
  ['TYPE', '350 more', 'SINK_FAILED', 'protocol-error', false],
  ['SIZE', '226 odd', 'SINK_FAILED', 'protocol-error', false],
  ['SIZE', '213 many', 'SINK_FAILED', 'protocol-error', false],
  ['SIZE', '450 later', 'SINK_FAILED', 'server-error', true],
  ['STOR', '550 denied', 'SINK_REJECTED', 'permission-denied', false],
  ['STOR', '553 bad name', 'SINK_REJECTED', 'permission-denied', false],
  ['STOR', '532 account', 'SINK_REJECTED', 'permission-denied', false],
  ['STOR', '552 quota', 'SINK_REJECTED', 'quota-exceeded', false],
  ['STOR', '452 full', 'SINK_REJECTED', 'quota-exceeded', false],
  ['STOR', '425 no data', 'SINK_FAILED', 'data-connection-failed', true],
  ['STOR', '426 cut', 'SINK_FAILED', 'connection-lost', true],
  ['STOR', '451 local error', 'SINK_FAILED', 'server-error', true],
  ['STOR', '421 bye', 'SINK_UNAVAILABLE', 'server-busy', true],
  ['STOR', '226 done already', 'SINK_FAILED', 'protocol-error', false],
  ['STOR', '350 more', 'SINK_FAILED', 'protocol-error', false],
  ['STOR', '500 what', 'SINK_FAILED', 'protocol-error', false],
  ['RNFR', '550 no', 'SINK_REJECTED', 'permission-denied', false],
  ['RNFR', '250 odd', 'SINK_FAILED', 'protocol-error', false],
  ['RNTO', '550 no', 'SINK_REJECTED', 'permission-denied', false],
  ['RNTO', '451 later', 'SINK_FAILED', 'server-error', true],
  ['RNTO', '350 more', 'SINK_FAILED', 'protocol-error', false],
];

for (const [verb, line, code, reason, retryable] of steps) {
  test(`'${line}' to ${verb} fails with ${code} ${reason} and leaves nothing`, async () => {
    const error = await fails({
      [verb]: (session) => {
        session.reply(line);
      },
    });
    assert.deepEqual([error.code, error.reason, error.retryable], [code, reason, retryable]);
    assert.equal(error.stage, 'store');
    assert.equal(server.files.size, 0);
  });
}

test('a quota found full in mid-upload is told apart from a lost connection', async () => {
  const error = await fails({
    data: async (session, bytes) => {
      if (Number(bytes) < 200_000) return;
      (await session.data()).resetAndDestroy();
      await new Promise((resolve) => setTimeout(resolve, 50));
      session.reply('552 quota exceeded');
    },
  });
  assert.equal(error.reason, 'quota-exceeded');
  assert.equal(server.files.size, 0);
});

test('a server that repeats the password in its replies does not get it into an error or a log', async () => {
  const error = await fails({
    PASS: (session, given) => {
      session.reply(`530 wrong password ${given}\u001b[31m`);
    },
  });
  assert.equal(error.reason, 'login-refused');
  assert.match(error.message, /\[secret\]/);

  assert.doesNotMatch(error.message, /\u001b/);
});
