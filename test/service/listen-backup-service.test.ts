import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { test } from 'node:test';
import { createBackupService, listenBackupService } from 'gateway-backup/service';
import { isSoak } from '../support/soak.js';
import { ask } from './support/ask.js';
import { admin, ServiceFixture, until } from './support/service-fixture.js';
import { tls } from './support/tls.js';

/** Sends raw bytes on a connection of its own; gives everything that comes back until it is closed. */
async function send(port: number, text: string): Promise<string> {
  const socket = await tls(port);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(Buffer.from(text, 'latin1'));
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}

test('a good client is served within 2 s while hundreds are slow, silent or half open, and those are cut', async () => {
  await using fixture = await ServiceFixture.start({}, { headersTimeoutMs: 3000 });
  const { port } = fixture;
  const slow: TLSSocket[] = [];
  const halfOpen: Socket[] = [];
  for (let index = 0; index < (isSoak ? 500 : 150); index++) {
    const socket = await tls(port);
    socket.on('error', () => undefined).resume();
    socket.write('GET /ssg/backup HTTP/1.1\r\nX-Slow: ');
    slow.push(socket);
  }
  for (let index = 0; index < (isSoak ? 1000 : 300); index++) {
    halfOpen.push(
      connect(port, '127.0.0.1')
        .on('error', () => undefined)
        .resume(),
    );
  }
  const begun = performance.now();
  assert.equal((await ask({ port, user: admin })).status, 200);
  const tookMs = performance.now() - begun;
  console.log(
    `${slow.length} slow and ${halfOpen.length} half open connections: a good client took ${tookMs.toFixed(0)} ms`,
  );
  assert.ok(tookMs < 2000, `${tookMs} ms`);
  // One byte now and then does not keep a connection open.
  const trickle = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('x');
  }, 200);
  await until(() => [...slow, ...halfOpen].every(({ closed }) => closed), 30_000);
  clearInterval(trickle);
});

test('connections beyond the limit are closed at once, and there is room again afterwards', async () => {
  await using fixture = await ServiceFixture.start({}, { maxConnections: 3 });
  const { port } = fixture;
  const held = await Promise.all([tls(port), tls(port), tls(port)]);
  await assert.rejects(ask({ port, user: admin }));
  for (const socket of held) socket.destroy();
  await until(() => held.every(({ closed }) => closed));
  assert.equal((await ask({ port, user: admin })).status, 200);
});

test('requests that two parsers could read in two ways are refused', async () => {
  await using fixture = await ServiceFixture.start();
  const start = 'GET /ssg/backup HTTP/1.1\r\nHost: x\r\n';
  const smuggled = [
    `${start}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    `${start}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding: chunked, identity\r\n\r\n`,
    `${start}Content-Length: +5\r\n\r\nhello`,
    `${start}X: a\x00b\r\n\r\n`,
    `${start} folded: x\r\n\r\n`,
    'GET /ssg/backup HTTP/1.1\n\n',
  ];
  for (const text of smuggled)
    assert.match(await send(fixture.port, text), /^HTTP\/1\.1 400 /, JSON.stringify(text));
  assert.match(await send(fixture.port, `${start}X: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
});

test('CONNECT gets 405; HTTP/1.0, pipelined and expecting clients are served', async () => {
  await using fixture = await ServiceFixture.start();
  const { port } = fixture;
  assert.match(
    await send(port, 'CONNECT evil:443 HTTP/1.1\r\nHost: evil\r\n\r\n'),
    /^HTTP\/1\.1 405 .*\r\nAllow: GET/,
  );
  const credentials = `Authorization: Basic ${Buffer.from(admin).toString('base64')}\r\n`;
  assert.match(await send(port, `GET /ssg/backup HTTP/1.0\r\n${credentials}\r\n`), /^HTTP\/1\.1 200 /);
  const request = `GET /ssg/backup?node=Gateway1 HTTP/1.1\r\nHost: x\r\n${credentials}`;
  const two = await send(port, `${request}\r\n${request}Connection: close\r\n\r\n`);
  assert.match(
    two,
    /^HTTP\/1\.1 200 OK[^]*image of the stand-inHTTP\/1\.1 503 Backup in progress/,
    'in their order',
  );
  const expecting = await send(
    port,
    `${request}Expect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n`,
  );
  assert.match(expecting, /HTTP\/1\.1 200 OK/);
});

test('a new certificate is used for new connections, and one without its key changes nothing', async () => {
  await using fixture = await ServiceFixture.start();
  const { port, listening, authority, clientCertificate } = fixture;
  const subject = async (): Promise<string> => {
    const socket = await tls(port);
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return String(CN);
  };
  assert.equal(await subject(), 'server');
  assert.throws(() => {
    listening.setCertificate({
      certificate: authority.issue('next').certificate,
      key: clientCertificate.key,
    });
  });
  assert.equal(await subject(), 'server');
  listening.setCertificate(authority.issue('next'));
  assert.equal(await subject(), 'next');
});

test('closing waits for a running download for as long as it is told, then cuts it', async () => {
  for (const [graceMs, completes] of [
    [10_000, true],
    [0, false],
  ] as const) {
    await using fixture = await ServiceFixture.start();
    const { port, backup } = fixture;
    const { certificate, key } = fixture.certificate;
    const other = await listenBackupService(createBackupService(fixture.options), {
      certificate,
      key,
      port: 0,
    });
    const release = backup.hold();
    const download = ask({ port: other.port, path: '/ssg/backup?node=Gateway1', user: admin }).then(
      () => true,
      () => false,
    );
    await until(() => backup.running === 1);
    const closed = other.close(graceMs);
    if (completes) release();
    await closed;
    assert.equal(backup.running, 0, 'and for the backup to have cleaned up');
    assert.equal(await download, completes);
    await assert.rejects(ask({ port: other.port, user: admin }));
    assert.equal((await ask({ port, user: admin })).status, 200);
  }
});
