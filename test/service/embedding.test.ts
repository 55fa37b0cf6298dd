import assert from 'node:assert/strict';
import type { AddressInfo, Server } from 'node:net';
import { after, before, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { expressServer } from '../../examples/embed-express.js';
import { fastifyServer } from '../../examples/embed-fastify.js';
import { honoServer } from '../../examples/embed-hono.js';
import { koaServer } from '../../examples/embed-koa.js';
import { nodeHttpsServer } from '../../examples/embed-node-https.js';
import { ask } from './support/ask.js';
import { admin, certified, ServiceFixture, until } from './support/service-fixture.js';

const image = '/ssg/backup?node=Gateway1';
const content = Buffer.alloc(20_000_000, 'image');
let fixture: ServiceFixture;

before(async () => {
  fixture = await ServiceFixture.start();
  fixture.backup.content = content;
});

after(async () => {
  await fixture[Symbol.asyncDispose]();
});

/** A host on a free port, and how to stop it. */
async function hosted(host: string): Promise<{ readonly port: number; close(): Promise<unknown> }> {
  const tls = { cert: fixture.certificate.certificate, key: fixture.certificate.key };
  if (host === 'fastify') {
    const app = fastifyServer(tls, fixture.options);
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
  }
  const make = { 'node:https': nodeHttpsServer, express: expressServer, koa: koaServer, hono: honoServer }[
    host
  ]!;
  const server = make(tls, fixture.options) as unknown as Server & { closeAllConnections(): void };
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

for (const host of ['node:https', 'express', 'fastify', 'koa', 'hono']) {
  test(`mounted in ${host}: page, image, refusals, client certificates, and a client that vanishes`, async () => {
    const server = await hosted(host);
    const { port } = server;
    const { clientCertificate, backup, audits } = fixture;
    try {
      const page = await ask({ port, user: admin });
      assert.match(page.text, /<h1>Gateway Backup Service<\/h1>/);
      assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
      const { status, body, headers } = await ask({ port, path: image, user: admin });
      assert.equal(status, 200);
      assert.ok(body.equals(content));
      assert.equal(headers['content-length'], String(content.length));
      assert.equal((await ask({ port, path: image })).status, 401);
      assert.equal((await ask({ port, path: image, user: certified })).text, '403 No client certificate');
      assert.equal((await ask({ port, path: image, user: certified, clientCertificate })).status, 200);
      assert.equal((await ask({ port, path: image, method: 'POST', user: admin })).status, 405);

      const recorded = audits.length;
      const socket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false });
      socket.on('error', () => undefined);
      socket.write(
        `GET ${image} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${Buffer.from(admin).toString('base64')}\r\n\r\n`,
      );
      await new Promise((resolve) => socket.once('data', resolve));
      socket.pause();
      assert.equal(backup.running, 1, 'the image waits for the client');
      socket.destroy();
      await until(() => backup.running === 0 && audits.length > recorded, 2000);
      assert.equal(audits.at(-1)?.id, 3609);
    } finally {
      await server.close();
    }
  });
}
