import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { isBackupError, type BackupImage } from 'gateway-backup';
import { HttpResponseSink } from 'gateway-backup/service';
import { SeededRandom } from 'gateway-backup/testing';
import { rounds, testSeed } from '../support/soak.js';
import { ask } from './support/ask.js';
import { admin, ServiceFixture, until } from './support/service-fixture.js';
import { tls } from './support/tls.js';

const image = '/ssg/backup?node=Gateway1';
const requestText = `GET ${image} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${Buffer.from(admin).toString('base64')}\r\n\r\n`;

function stagedFolders(): number {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('stand-in-')).length;
}

/** Gives a response of a real connection to the test, and what the client saw of it. */
async function withResponse(
  test: (response: ServerResponse) => Promise<void>,
): Promise<{ readonly head: string; readonly body: string; readonly complete: boolean }> {
  const server = createServer((_request, response) => {
    test(response).catch(() => undefined);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.on('close', resolve));
  server.close();
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const announced = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? '0');
  return { head, body, complete: head !== '' && announced === body.length };
}

function imageOf(open: () => Readable, bytes: number): BackupImage {
  return { name: 'x.zip', bytes, sha256: '', path: '/nowhere', open };
}

const context = {
  signal: new AbortController().signal,
  log: () => undefined,
  progress: () => undefined,
  warn: () => undefined,
};

function reasonOf(error: unknown): string | undefined {
  assert.ok(isBackupError(error), String(error));
  assert.equal(error.code, 'SINK_FAILED');
  return error.reason;
}

test('an image that cannot be read is an error before anything was sent', async () => {
  let reason: string | undefined;
  const { head } = await withResponse(async (response) => {
    const sink = new HttpResponseSink(response, { download: { name: 'node' } });
    const broken = imageOf(() => Readable.from(failing(0)), 10);
    await sink.store(broken, context).catch((error: unknown) => (reason = reasonOf(error)));
    assert.equal(response.headersSent, false);
    response.writeHead(500).end();
  });
  assert.match(head, /^HTTP\/1\.1 500/);
  assert.equal(reason, 'image-unreadable');
});

test('a failure in mid-transfer, a short and a long image all break the connection', async () => {
  const cases = [
    [() => Readable.from(failing(3)), 'image-unreadable'],
    [() => Readable.from([Buffer.from('short')]), 'size-mismatch'],
    [() => Readable.from([Buffer.alloc(5000), Buffer.alloc(5001)]), 'size-mismatch'],
  ] as const;
  for (const [open, expected] of cases) {
    let reason: string | undefined;
    const { complete } = await withResponse(async (response) => {
      const sink = new HttpResponseSink(response, { download: { name: 'node' } });
      await sink.store(imageOf(open, 10_000), context).catch((error: unknown) => (reason = reasonOf(error)));
    });
    assert.equal(reason, expected);
    assert.equal(complete, false, `${expected}: the client can tell`);
  }
});

async function* failing(after: number): AsyncGenerator<Buffer> {
  for (let chunk = 0; chunk < after; chunk++) yield Buffer.alloc(1000);
  await Promise.resolve();
  throw new Error('disk on fire');
}

test('a response that has been answered, or is gone, is refused before any work', async () => {
  await withResponse(async (response) => {
    response.writeHead(200).flushHeaders();
    const sink = new HttpResponseSink(response, { download: { name: 'node' } });
    await assert.rejects(sink.prepare(), (error) => isBackupError(error) && error.code === 'SINK_REJECTED');
    response.destroy();
    await assert.rejects(sink.prepare(), (error) => reasonOf(error) === 'client-gone');
  });
});

test('a client that vanishes at any moment ends the backup within 2 s and leaves nothing', async () => {
  const random = new SeededRandom(testSeed('vanishing clients'));
  await using fixture = await ServiceFixture.start();
  const { backup, port } = fixture;
  backup.content = Buffer.alloc(40_000_000, 'image');
  const folders = stagedFolders();
  for (let round = 0; round < rounds(50, 500); round++) {
    // Before the request is whole, while the image is built, or after some bytes of it.
    const moment = random.pick(['request', 'build', 'download'] as const);
    const release = moment === 'build' ? backup.hold() : () => undefined;
    const begun = backup.runs.length;
    const socket = await tls(port);
    const part =
      moment === 'request' ? requestText.slice(0, random.integer(requestText.length - 1)) : requestText;
    socket.write(part);
    if (moment === 'build') await until(() => backup.runs.length > begun);
    if (moment === 'download') {
      const least = random.integer(1_000_000);
      let received = 0;
      socket.on('data', (chunk: Buffer) => (received += chunk.length));
      await until(() => received > least);
    }
    if (random.integer(2) === 0) socket.destroy();
    else socket.wire.resetAndDestroy();
    await until(() => backup.running === 0 && stagedFolders() === folders, 2000);
    release();
  }
  assert.equal(backup.mostAtOnce, 1);
  assert.equal(
    (await ask({ port, path: image, user: admin })).body.length,
    40_000_000,
    'the next client is served',
  );
});

test('a client that takes nothing is cut off at the limit, and the backup slot is free again', async () => {
  await using fixture = await ServiceFixture.start({ stalledClientMs: 300 });
  const { backup, port, audits } = fixture;
  backup.content = Buffer.alloc(40_000_000, 'image');
  const socket = await tls(port);
  socket.pause();
  socket.write(requestText);
  await until(() => audits.length === 1, 10_000);
  assert.match(audits[0]!.message, /took nothing for 300 ms/);
  assert.equal(audits[0]!.id, 3609);
  assert.equal(backup.running, 0);
  socket.destroy();
});

test('a service that shuts down cancels its backups', async () => {
  const stopping = new AbortController();
  await using fixture = await ServiceFixture.start({ signal: stopping.signal });
  const { backup, port } = fixture;
  const release = backup.hold();
  const asked = ask({ port, path: image, user: admin });
  await until(() => backup.running === 1);
  stopping.abort();
  assert.equal((await asked).text, '500 Backup failed');
  assert.equal(backup.cancelled, 1);
  release();
});
