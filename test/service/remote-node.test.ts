import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { test } from 'node:test';
import { StaticClusterDirectory, type ClusterNode, type RoutingOptions } from 'gateway-backup/service';
import { ask } from './support/ask.js';
import { TestAuthority } from './support/certificates.js';
import { admin, ServiceFixture, until } from './support/service-fixture.js';

const path = '/ssg/backup?node=Other&audits=true';
const zip = Buffer.alloc(300_000, 'zip');

/** Another node that answers as the test says. */
async function otherNode(
  answer: RequestListener,
  subjects?: string,
): Promise<{ server: Server; port: number; ca: string } & AsyncDisposable> {
  await using scratch = await ServiceFixture.start();
  const certificate = scratch.authority.issue('other', subjects);
  const server = createServer({ cert: certificate.certificate, key: certificate.key }, answer).listen(
    0,
    '127.0.0.1',
  );
  const ca = scratch.authority.certificate;
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    server,
    port: (server.address() as AddressInfo).port,
    ca,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serviceBefore(
  port: number,
  routing: RoutingOptions,
  node: Partial<ClusterNode> = {},
): Promise<ServiceFixture> {
  return ServiceFixture.start({
    cluster: new StaticClusterDirectory([
      { name: 'This', address: '', local: true },
      { name: 'Other', address: '127.0.0.1', local: false, port, ...node },
    ]),
    routing,
  });
}

function sendZip(
  response: Parameters<RequestListener>[1],
  headers: Record<string, string | number> = {},
): void {
  response.writeHead(200, { 'Content-Type': 'application/zip', 'Content-Length': zip.length, ...headers });
  response.end(zip);
}

test("another node's image is passed on, asked for with credentials and the client's address", async () => {
  const seen: (readonly [string | undefined, Record<string, unknown>])[] = [];
  await using other = await otherNode((request, response) => {
    seen.push([request.url, request.headers]);
    sendZip(response, { 'Content-Disposition': 'attachment; filename="evil.exe"', 'Set-Cookie': 'x=1' });
  });
  await using fixture = await serviceBefore(other.port, { ca: other.ca });
  const { status, body, headers } = await ask({ port: fixture.port, path, user: admin });
  assert.equal(status, 200);
  assert.ok(body.equals(zip));
  assert.equal(headers['content-disposition'], `attachment; filename="Other.zip"; size=${zip.length}`);
  assert.equal(headers['set-cookie'], undefined);
  assert.equal(seen.length, 1, 'credentials are sent at once, without a challenge');
  const [url, asked] = seen[0]!;
  assert.equal(url, path);
  assert.equal(asked['authorization'], `Basic ${Buffer.from(admin).toString('base64')}`);
  assert.equal(asked['l7-original-addr'], '127.0.0.1');
  assert.equal(asked['l7-original-host'], '127.0.0.1');
  await until(() => fixture.audits.length === 1);
  assert.equal(fixture.audits[0]!.id, 3600);
});

test('a refusal of the other node comes back with its status and its body, as plain text', async () => {
  const refusals = [
    [401, '401 Bad credentials', {}],
    [403, '403 No client certificate', {}],
    [500, '500 Backup failed\nFailed component: maindb', {}],
    [503, '503 Backup in progress', { 'Retry-After': '60' }],
    [500, '<script>alert(1)</script>', { 'Content-Type': 'text/html' }],
  ] as const;
  for (const [status, body, headers] of refusals) {
    await using other = await otherNode((_request, response) => {
      response.writeHead(status, headers).end(body);
    });
    await using fixture = await serviceBefore(other.port, { ca: other.ca });
    const answer = await ask({ port: fixture.port, path, user: admin });
    assert.deepEqual([answer.status, answer.text], [status, body]);
    assert.match(answer.headers['content-type'] ?? '', /^text\/plain/);
    assert.equal(answer.headers['retry-after'], status === 503 ? '60' : undefined);
    assert.equal(answer.headers['www-authenticate'] === undefined, status !== 401);
    assert.deepEqual(
      fixture.audits.map(({ id, status: audited }) => [id, audited]),
      [[3616, status]],
    );
  }
});

test('a partial image keeps its mark', async () => {
  await using other = await otherNode((_request, response) => {
    sendZip(response, { 'X-Backup-Status': 'partial', 'X-Backup-Failed-Components': 'maindb, os' });
  });
  await using fixture = await serviceBefore(other.port, { ca: other.ca });
  const { headers } = await ask({ port: fixture.port, path, user: admin });
  assert.equal(headers['x-backup-status'], 'partial');
  assert.equal(headers['x-backup-failed-components'], 'maindb, os');
  assert.match(headers['content-disposition'] ?? '', /Other-partial\.zip/);
});

const useless: readonly (readonly [string, RequestListener])[] = [
  ['a redirect', (_request, response) => response.writeHead(302, { Location: 'https://127.0.0.1:1/' }).end()],
  ['an empty success', (_request, response) => response.writeHead(204).end()],
  [
    'HTML instead of an image',
    (_request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>'),
  ],
  [
    'an image without a length',
    (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/zip' }).write('x');
    },
  ],
  [
    'a status below the known',
    (_request, response) => {
      response.socket?.end('HTTP/1.1 299 Odd\r\nContent-Length: 0\r\n\r\n');
    },
  ],
  [
    'no HTTP at all',
    (_request, response) => {
      response.socket?.end('220 ftp ready\r\n');
    },
  ],
  ['a connection that closes', (_request, response) => response.socket?.destroy()],
];

for (const [what, answer] of useless) {
  test(`${what} from the other node: routing failed`, async () => {
    await using other = await otherNode(answer);
    await using fixture = await serviceBefore(other.port, { ca: other.ca });
    assert.equal((await ask({ port: fixture.port, path, user: admin })).text, '500 Routing failed');
    assert.deepEqual(
      fixture.audits.map(({ id }) => id),
      [3616],
    );
  });
}

test('an unknown authority, another name, and a silent or absent node: routing failed, and no credentials leave', async () => {
  let asked = 0;
  const count: RequestListener = (_request, response) => {
    asked++;
    sendZip(response);
  };
  await using strange = await otherNode(count);
  await using misnamed = await otherNode(count, 'DNS:elsewhere.example');
  const silent: TcpServer = createTcpServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const cases = [
    [strange.port, {}],
    [misnamed.port, { ca: misnamed.ca }],
    [(silent.address() as AddressInfo).port, { connectTimeoutMs: 200 }],
    [1, {}],
  ] as const;
  for (const [port, routing] of cases) {
    await using fixture = await serviceBefore(port, routing);
    assert.equal((await ask({ port: fixture.port, path, user: admin })).text, '500 Routing failed');
  }
  assert.equal(asked, 0);
  silent.close();
  await using named = await serviceBefore(misnamed.port, {
    ca: misnamed.ca,
    certificateName: 'elsewhere.example',
  });
  assert.equal(
    (await ask({ port: named.port, path, user: admin })).status,
    200,
    'the name may be configured',
  );
});

test('a node that stalls, sends less or more than it announced, never ends cleanly', async () => {
  const answers: RequestListener[] = [
    (_request, response) => {
      response
        .writeHead(200, { 'Content-Type': 'application/zip', 'Content-Length': zip.length })
        .write(zip.subarray(0, 1000));
    },
    (_request, response) => {
      response
        .writeHead(200, { 'Content-Type': 'application/zip', 'Content-Length': zip.length })
        .write(zip.subarray(0, 1000));
      setTimeout(() => response.destroy(), 50);
    },
  ];
  for (const answer of answers) {
    await using other = await otherNode(answer);
    await using fixture = await serviceBefore(other.port, { ca: other.ca, idleTimeoutMs: 300 });
    await assert.rejects(ask({ port: fixture.port, path, user: admin }), /aborted|hang up|ECONNRESET/);
    await until(() => fixture.audits.length === 1);
    assert.equal(fixture.audits[0]!.id, 3616);
  }
});

test('a refusal that never ends is cut at 64 KiB', async () => {
  await using other = await otherNode((_request, response) => {
    response.writeHead(500);
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
    };
    response.on('drain', more);
    more();
  });
  await using fixture = await serviceBefore(other.port, { ca: other.ca });
  const { status, body } = await ask({ port: fixture.port, path, user: admin });
  assert.deepEqual([status, body.length], [500, 65_536]);
});

test('a node that never answers is given up at the limit, and when the client goes', async () => {
  let open = 0;
  await using other = await otherNode((request) => {
    open++;
    request.socket.on('close', () => open--);
  });
  await using limited = await serviceBefore(other.port, { ca: other.ca, answerTimeoutMs: 200 });
  assert.equal((await ask({ port: limited.port, path, user: admin })).text, '500 Routing failed');
  await using fixture = await serviceBefore(other.port, { ca: other.ca });
  const { request } = await import('node:https');
  const asking = request({
    host: '127.0.0.1',
    port: fixture.port,
    path,
    auth: admin,
    rejectUnauthorized: false,
  });
  asking.on('error', () => undefined).end();
  await until(() => open === 1);
  asking.destroy();
  await until(() => open === 0, 2000);
});

test('a request is passed on once only', async () => {
  let asked = 0;
  await using other = await otherNode((_request, response) => {
    asked++;
    sendZip(response);
  });
  await using fixture = await serviceBefore(other.port, { ca: other.ca });
  const headers = { 'L7-Original-Addr': '192.0.2.1', 'L7-Original-Host': 'client.example' };
  assert.equal((await ask({ port: fixture.port, path, user: admin, headers })).text, '500 Routing failed');
  assert.equal(asked, 0);
});

test('the original client is believed of a node of the cluster, and of nobody else', async () => {
  const headers = { 'L7-Original-Addr': '192.0.2.1', 'L7-Original-Host': 'client.example' };
  for (const [address, expected] of [
    ['127.0.0.1', ['192.0.2.1', 'client.example']],
    ['127.0.0.9', ['127.0.0.1', '127.0.0.1']],
  ] as const) {
    await using fixture = await serviceBefore(1, {}, { address });
    await ask({ port: fixture.port, path: '/ssg/backup?node=This', user: 'admin:wrong', headers });
    assert.deepEqual(
      fixture.audits.map(({ clientAddress, clientHost }) => [clientAddress, clientHost]),
      [expected],
    );
  }
});

test('a second authority is not enough for a node of the first', async () => {
  await using other = await otherNode((_request, response) => {
    sendZip(response);
  });
  await using scratch = await ServiceFixture.start();
  const stranger = new TestAuthority(scratch.folder, 'stranger');
  await using fixture = await serviceBefore(other.port, { ca: stranger.certificate });
  assert.equal((await ask({ port: fixture.port, path, user: admin })).text, '500 Routing failed');
});
