import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { assertNothingLeft, takeStock, until } from '../support/leak-check.js';
import { TcpProxy, type Faults } from '../support/tcp-proxy.js';

const megabyte = Buffer.alloc(1_000_000, 'x');

describe('the fault proxy', () => {
  let server: Server;
  let target: { host: string; port: number };
  const received: number[] = [];
  before(async () => {
    // Sends a megabyte to everybody, and counts what it gets.
    server = createServer((socket) => {
      const index = received.push(0) - 1;
      socket.on('data', (chunk) => (received[index] = (received[index] ?? 0) + chunk.length));
      socket.on('error', () => undefined);
      socket.end(megabyte);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  });
  after(() => server.close());

  test('passes everything on without a fault, and leaves nothing open', async () => {
    const before = takeStock();
    await using(target, {}, async (proxy) => {
      const { bytes, error } = await readAll(connect(proxy));
      assert.deepEqual([bytes, error], [1_000_000, undefined]);
    });
    await assertNothingLeft(before);
  });

  test('resets both sides after at most so many bytes', async () => {
    await using(target, { toClient: { afterBytes: 12_345 } }, async (proxy) => {
      const { bytes, error } = await readAll(connect(proxy));
      assert.ok(bytes <= 12_345);
      // On a busy machine the reader still sees both in one moment, and then an end without a reason.
      assert.ok(error === 'ECONNRESET' || (error === undefined && bytes === 12_345), `${bytes} ${error}`);
    });
  });

  test('ends both sides in good order after exactly so many bytes', async () => {
    await using(target, { toClient: { afterBytes: 12_345, then: 'fin' } }, async (proxy) => {
      const { bytes, error } = await readAll(connect(proxy));
      assert.deepEqual([bytes, error], [12_345, undefined]);
    });
  });

  test('stalls after exactly so many bytes and stays open', async () => {
    await using(target, { toClient: { afterBytes: 12_345, then: 'stall' } }, async (proxy) => {
      const socket = connect(proxy);
      let bytes = 0;
      socket.on('data', (chunk) => (bytes += chunk.length));
      await until(() => bytes === 12_345);
      socket.destroy();
    });
  });

  test('breaks the direction to the server too', async () => {
    received.length = 0;
    await using(target, { toServer: { afterBytes: 500, then: 'fin' } }, async (proxy) => {
      const socket = connect(proxy);
      socket.on('error', () => undefined);
      socket.resume().write(megabyte);
      await until(() => received[0] === 500);
      socket.destroy();
    });
  });

  test('slows down to a rate', async () => {
    await using(target, { toClient: { bytesPerSecond: 5_000_000 } }, async (proxy) => {
      const start = Date.now();
      const { bytes } = await readAll(connect(proxy));
      assert.equal(bytes, 1_000_000);
      assert.ok(Date.now() - start >= 100);
    });
  });
});

async function using(
  target: { host: string; port: number },
  faults: Faults,
  action: (proxy: TcpProxy) => Promise<void>,
): Promise<void> {
  const proxy = await TcpProxy.start(target, faults);
  try {
    await action(proxy);
  } finally {
    await proxy.stop();
  }
}

async function readAll(socket: Socket): Promise<{ bytes: number; error: string | undefined }> {
  let bytes = 0;
  let error: string | undefined;
  socket.on('data', (chunk) => (bytes += chunk.length));
  socket.on('error', (cause: NodeJS.ErrnoException) => (error = cause.code));
  await once(socket, 'close').catch(() => once(socket, 'close'));
  return { bytes, error };
}
