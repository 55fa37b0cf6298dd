import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesEntry,
  FtpSink,
  GatewayBackup,
  retryingSink,
  runBackup,
  type BackupError,
  type GatewayBackupOptions,
  type ImageSink,
} from 'gateway-backup';
import { MemorySink } from 'gateway-backup/testing';

// Everything that is given to the library besides what to back up. A slip in it could mean the wrong machine, or a check
// that was wanted and is not made.

/** How a call is refused: the reason, and the name that the message begins with. */
function refusal(reason: string, name: string) {
  return (error: BackupError): true => {
    assert.equal(error.code, 'INVALID_OPTIONS', error.stack);
    assert.equal(error.reason, reason, error.message);
    assert.ok(error.message.includes(name), error.message);
    assert.ok(!error.message.includes('undefined'), error.message);
    return true;
  };
}

const gatewayOptions: readonly (readonly [string, unknown, string?])[] = [
  ['gatewayRoot', 5],
  ['gatewayRoot', ''],
  ['hostRoot', ''],
  ['hostRoot', 'a\0b'],
  ['currentDirectory', {}],
  ['workDirectory', null],
  ['collectors', {}],
  ['gatewayVersion', 11],
  ['databasePassword', 7],
  ['passphrase', {}],
  ['localDatabaseOnly', 'no'],
  ['database', 'localhost'],
  ['database', []],
  ['compressionLevel', 10],
  ['compressionLevel', 2.5],
  ['compressionLevel', '3'],
  ['verification', 'deep'],
  ['checkFreeSpace', 1],
  ['rpmProgram', ''],
  ['rpmTimeoutMs', -1],
  ['rpmTimeoutMs', NaN],
  ['rpmTimeoutMs', 2 ** 31],
  ['database.connectTimeoutMs', { connectTimeoutMs: 'x' }, 'database'],
  ['database.maxRowBytes', { maxRowBytes: 0 }, 'database'],
];

test('an option that has a value which it cannot have is refused at once, by its name', () => {
  for (const [name, value, option = name] of gatewayOptions) {
    const options = { [option]: value } as GatewayBackupOptions;
    assert.throws(() => new GatewayBackup(options), refusal('wrong-value', `Option ${name} must`));
  }
});

test('an option that does not exist is refused with the list of those that do', async () => {
  assert.throws(
    () => new GatewayBackup({ gatewayRot: '/x' } as GatewayBackupOptions),
    refusal('unknown-option', 'Unknown option gatewayRot. Known are: gatewayRoot, '),
  );
  assert.throws(
    () => new GatewayBackup({ database: { timeout: 1 } } as GatewayBackupOptions),
    refusal('unknown-option', 'Unknown option database.timeout'),
  );
  await assert.rejects(
    runBackup({ image: 'a.zip' }, { onevent: () => undefined } as never),
    refusal('unknown-option', 'onevent'),
  );
  await assert.rejects(
    new GatewayBackup().run({ image: 'a.zip' }, { gatewayRoot: '/x' } as never),
    refusal('unknown-option', 'gatewayRoot'),
  );
});

test('what is no sink, observer or signal is refused before anything is collected', async () => {
  const store = () => Promise.resolve({ path: 'x' });
  const wrong: readonly (readonly [object, string, string])[] = [
    [{ sink: 5 }, 'Option sink must', 'wrong-value'],
    [{ sink: {} }, 'Option sink.name must', 'missing'],
    [{ sink: { name: 'x' } }, 'Option sink.store must', 'missing'],
    [{ sink: { name: 'x', store: 7 } }, 'Option sink.store must', 'wrong-value'],
    [{ sink: { name: 'x', store, prepare: true } }, 'Option sink.prepare must', 'wrong-value'],
    [
      { sink: { name: 'x', store, stagedOnFailure: 'delete' } },
      'Option sink.stagedOnFailure must',
      'wrong-value',
    ],
    [{ onEvent: 3 }, 'Option onEvent must', 'wrong-value'],
    [{ signal: 3 }, 'Option signal must', 'wrong-value'],
    [{ signal: {} }, 'Option signal must', 'wrong-value'],
  ];
  for (const [options, name, reason] of wrong) {
    await assert.rejects(runBackup({ image: 'a.zip' }, options), refusal(reason, name));
  }
});

test('a sink with members of its own is taken, also one that is a class', async () => {
  const { code } = await runBackup({ image: 'a.zip' }, { gatewayRoot: '/nowhere', sink: new MemorySink() })
    .catch((error: unknown) => error as BackupError)
    .then((result) => result as BackupError);
  assert.equal(code, 'GATEWAY_NOT_CONFIGURED');
});

test('what is no collector is refused by its place', async () => {
  const good = {
    component: 'own',
    applicability: () => ({ applies: true }),
    async *collect() {
      await Promise.resolve();
      yield bytesEntry('a', 'a');
    },
  };
  const wrong: readonly (readonly [unknown, string, string])[] = [
    [5, 'Option collectors[1] must be an object', 'wrong-type'],
    [{}, 'Option collectors[1].component must', 'missing'],
    [{ ...good, component: 'Own' }, 'Option collectors[1].component must', 'wrong-value'],
    [{ ...good, component: 'version' }, 'Option collectors[1].component must', 'wrong-value'],
    [{ ...good, applicability: true }, 'Option collectors[1].applicability must', 'wrong-value'],
    [{ component: 'own', applicability: good.applicability }, 'Option collectors[1].collect must', 'missing'],
    [{ ...good, estimate: 10 }, 'Option collectors[1].estimate must', 'wrong-value'],
  ];
  const { createSampleGateway } = await import('gateway-backup/testing');
  await using gateway = await createSampleGateway();
  const { gatewayRoot, hostRoot } = gateway;
  for (const [collector, name, reason] of wrong) {
    const collectors = [{ ...good, component: 'first' }, collector] as never;
    const sink = new MemorySink();
    await assert.rejects(
      runBackup({ image: 'a.zip' }, { gatewayRoot, hostRoot, collectors, sink }),
      refusal(reason, name),
    );
    assert.equal(sink.images.size, 0);
  }
});

test('a sink and a server of FTP exclude each other', async () => {
  const { createSampleGateway } = await import('gateway-backup/testing');
  await using gateway = await createSampleGateway();
  const { gatewayRoot, hostRoot } = gateway;
  const ftp = { host: '127.0.0.1', user: 'gateway', password: 'secret' };
  await assert.rejects(
    runBackup({ image: 'a.zip', ftp }, { gatewayRoot, hostRoot, sink: new MemorySink() }),
    refusal('conflict', 'sink and ftp'),
  );
});

test('the sinks of this package check their options, too', () => {
  const sink: ImageSink = new MemorySink();
  for (const [options, name] of [
    [{ attempts: 0 }, 'attempts'],
    [{ attempts: NaN }, 'attempts'],
    [{ delayMs: -1 }, 'delayMs'],
    [{ random: 1 }, 'random'],
  ] as const) {
    assert.throws(() => retryingSink(sink, options as never), refusal('wrong-value', `Option ${name} must`));
  }
  retryingSink(sink, { attempts: Infinity, delayMs: 0.5 });
  assert.throws(() => retryingSink(sink, { atempts: 5 } as never), refusal('unknown-option', 'atempts'));

  const ftp = { host: 'ftp.example', user: 'gateway', password: 'secret', remotePath: 'a.zip' };
  for (const missing of ['host', 'user', 'password', 'remotePath']) {
    assert.throws(
      () => new FtpSink({ ...ftp, [missing]: undefined }),
      refusal('missing', `Option ${missing} must`),
    );
  }
  assert.throws(
    () => new FtpSink({ ...ftp, port: '21' } as never),
    refusal('wrong-value', 'Option port must'),
  );
  assert.throws(() => new FtpSink({ ...ftp, idleTimeoutMs: 0 }), refusal('wrong-value', 'idleTimeoutMs'));
  assert.throws(() => new FtpSink({ ...ftp, tls: true } as never), refusal('unknown-option', 'tls'));
});
