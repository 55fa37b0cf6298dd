import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { verifyImage } from 'gateway-backup';
import { addFileUser, openGatewayAccess, type AuditRecord, type GatewayAccess } from 'gateway-backup/service';
import { sampleNodes } from 'gateway-backup/testing';
import { freePort } from '#dist/testing/free-port.js';
import { GatewayFixture } from '../support/gateway-fixture.js';
import { ask } from './support/ask.js';
import { TestAuthority } from './support/certificates.js';
import { measurePage } from './support/measure-page.js';
import { ServiceProcess } from './support/service-process.js';

// Three nodes at three loopback addresses and the same port. The first hosts the database and has everything in the
// Gateway's own tables; the others are on "other machines", and have users, nodes and audit records in files.
const password = 'sample-Admin-1';
const nodes = sampleNodes.map((node, index) => ({ ...node, address: `127.0.0.${index + 1}` }));

let fixture: GatewayFixture;
let access: GatewayAccess;
let folder: string;
let port: number;
let authority: TestAuthority;
const processes: ServiceProcess[] = [];
let browser: Browser;

before(async () => {
  fixture = await GatewayFixture.start();
  folder = await fixture.folder();
  authority = new TestAuthority(folder);
  port = await freePort();
  const database = await fixture.database({ nodes });
  for (const [index, { name, nodeId, address }] of nodes.entries()) {
    const own = join(folder, name);
    await mkdir(own);
    const gateway = await fixture.gateway(database, {
      nodeId,
      // 192.0.2.0/24 is never this machine.
      ...(index === 0
        ? {}
        : { database: { host: '192.0.2.10', port: 3306, name: 'ssg', user: 'gateway', password: 'x' } }),
    });
    if (index === 0)
      access = await openGatewayAccess({ gatewayRoot: gateway.gatewayRoot, hostRoot: gateway.hostRoot });
    const certificate = authority.issue(name, `IP:${address}`);
    const users = join(own, 'users.json');
    await addFileUser(users, { login: 'admin', password, administrator: true });
    const shared = {
      gatewayRoot: gateway.gatewayRoot,
      hostRoot: gateway.hostRoot,
      workDirectory: own,
      listen: { host: address, port },
      tls: { certificate: certificate.certificateFile, key: certificate.keyFile },
      routing: { ca: authority.certificateFile },
      connectors: 'any',
    };
    const inFiles = {
      users: { file: users },
      audit: { file: join(own, 'audit.jsonl') },
      cluster: nodes.map((node, other) => ({
        name: node.name,
        address: node.address,
        local: other === index,
        hostsDatabase: other === 0,
      })),
    };
    processes.push(await ServiceProcess.start(own, index === 0 ? shared : { ...shared, ...inFiles }));
  }
  // As root, Chromium has no sandbox; without a network it must not look for one.
  const quiet = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: quiet });
});

after(async () => {
  await browser.close();
  for (const each of processes) await each[Symbol.asyncDispose]();
  await access.close();
  await fixture.remove();
});

async function open(
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    httpCredentials: { username: 'admin', password },
    ...options,
  });
  return { context, page: await context.newPage() };
}

function url(): string {
  return `https://127.0.0.1:${port}/ssg/backup`;
}

/** Records of node 1 from the Gateway's tables, of the others from their files. */
async function auditOf(node: number): Promise<readonly string[]> {
  if (node === 0) {
    const rows = await access.database.query(`
      SELECT d.message_id, m.user_name, m.ip_address, d.exception_message FROM audit_main m JOIN audit_detail d ON d.audit_goid = m.goid
       WHERE m.name = 'Backup Service' ORDER BY m.time`);
    return rows.map(([id, user, address, detail]) =>
      [id, user, address, (JSON.parse(detail!) as { node: string }).node].join(' '),
    );
  }
  const lines = readFileSync(join(folder, nodes[node]!.name, 'audit.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines
    .map((line) => JSON.parse(line) as AuditRecord)
    .map(({ id, user, clientAddress, node: asked }) => [id, user, clientAddress, asked].join(' '));
}

async function eventually(
  actual: () => Promise<readonly string[]>,
  expected: readonly string[],
): Promise<void> {
  const end = performance.now() + 5000;
  for (;;) {
    const now = await actual().catch(() => []);
    if (now.length >= expected.length || performance.now() > end) {
      assert.deepEqual(now, expected);
      return;
    }
  }
}

test('a browser logs in, ticks Include Audits and gets the image of every node; only the one with the database holds it', async () => {
  const { context, page } = await open();
  const response = await page.goto(url());
  assert.equal(response?.status(), 200);
  assert.equal(await page.title(), 'Gateway Backup Service');
  await page.getByRole('heading', { level: 1, name: 'Gateway Backup Service' }).waitFor();
  await page.getByRole('checkbox', { name: 'Include Audits' }).check();
  for (const [index, { name }] of nodes.entries()) {
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: `Back up ${name}`, exact: true }).click();
    const download = await downloading;
    assert.equal(download.suggestedFilename(), `${name}.zip`);
    const file = join(folder, download.suggestedFilename());
    await download.saveAs(file);
    const verified = await verifyImage(file);
    assert.deepEqual(verified.faults, []);
    const entries = execFileSync('unzip', ['-Z1', file]).toString().split('\n');
    const hasDatabase = index === 0;
    assert.equal(entries.includes('maindb/main_backup.sql'), hasDatabase, `${name}: maindb`);
    assert.equal(entries.includes('audits/audits.gz'), hasDatabase, `${name}: audits`);
    assert.ok(entries.includes('config/node.properties'));
  }
  const browserAddress = '127.0.0.1';
  await eventually(
    () => auditOf(0),
    nodes.map(({ name }) => `3600 admin ${browserAddress} ${name}`),
  );
  for (const index of [1, 2])
    await eventually(() => auditOf(index), [`3600 admin ${browserAddress} ${nodes[index]!.name}`]);
  await context.close();
});

test('without scripts, with the keyboard alone, on a phone and in the dark the page is whole and readable', async () => {
  const folderOfShots = process.env['GATEWAY_BACKUP_SCREENSHOTS'];
  for (const [name, options] of [
    ['desktop', { viewport: { width: 1100, height: 800 } }],
    ['dark', { viewport: { width: 1100, height: 800 }, colorScheme: 'dark' }],
    ['phone', { viewport: { width: 360, height: 740 } }],
    ['phone-dark', { viewport: { width: 320, height: 640 }, colorScheme: 'dark' }],
  ] as const) {
    // Styles are measured by a script of the test; the page has none, and may have none.
    const { context, page } = await open({ ...options, bypassCSP: true });
    await page.goto(url());
    const facts = await page.evaluate(measurePage);
    assert.equal(facts.scripts, 0);
    assert.ok(facts.overflow <= 0, `${name}: nothing is wider than the screen`);
    for (const { text, contrast } of facts.contrasts)
      assert.ok(contrast >= 4.5, `${name}: ${text} has contrast ${contrast.toFixed(2)}`);
    assert.ok(facts.smallestTarget >= 22, `${name}: a target of ${facts.smallestTarget} px`);
    if (folderOfShots !== undefined)
      await page.screenshot({ path: join(folderOfShots, `page-${name}.png`), fullPage: true });
    await context.close();
  }
  const { context, page } = await open({ javaScriptEnabled: false });
  await page.goto(url());
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  assert.ok(await page.getByRole('checkbox', { name: 'Include Audits' }).isChecked());
  await page.keyboard.press('Tab');
  const downloading = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  const download = await downloading;
  assert.equal(download.suggestedFilename(), 'Gateway1.zip');
  assert.match(download.url(), /\?(?=.*audits=true)(?=.*node=Gateway1)/);
  await download.delete();
  await context.close();
});

test('a page of another site gets nothing with the credentials that the browser knows', async () => {
  const { context, page } = await open();
  await page.goto(url());
  const before = (await auditOf(0)).length;
  const hostilePage = `<img src="${url()}?node=Gateway1"><iframe src="${url()}"></iframe>
    <form action="${url()}"><button name="node" value="Gateway1">go</button></form>`;
  const attacker = createHttpServer((_request, response) =>
    response.setHeader('Content-Type', 'text/html').end(hostilePage),
  );
  attacker.listen(0, '127.0.0.9');
  await new Promise((resolve) => attacker.once('listening', resolve));
  await page.goto(`http://127.0.0.9:${(attacker.address() as AddressInfo).port}/`);
  await page.evaluate(async (target) => {
    await fetch(target, { mode: 'no-cors', credentials: 'include' }).catch(() => undefined);
  }, `${url()}?node=Gateway1`);
  await page.getByRole('button', { name: 'go' }).click();
  await page.waitForLoadState();
  // The image, the script's own request and the form ask for a backup, the frame for the page.
  const refused = async (): Promise<readonly string[]> => (await auditOf(0)).slice(before).sort();
  const image = '3607  127.0.0.1 Gateway1';
  await eventually(refused, ['3607  127.0.0.1 ', image, image, image]);
  assert.equal(await page.locator('body').innerText(), '403 Cross-site request refused');
  attacker.close();
  await context.close();
});

test('a refusal of another node comes back through the first one, and its own audit says who asked', async () => {
  const before = (await auditOf(1)).length;
  // Known to the first node, unknown to the second.
  await access.database.query("UPDATE internal_user SET login = 'second-admin' WHERE login = 'group-admin'");
  const answer = await ask({ port, path: '/ssg/backup?node=Gateway2', user: `second-admin:${password}` });
  assert.deepEqual([answer.status, answer.text], [401, '401 Bad credentials']);
  assert.deepEqual((await auditOf(1)).slice(before), ['3602 second-admin 127.0.0.1 Gateway2']);
  processes[2]!.kill('SIGTERM');
  await processes[2]!.ended();
  assert.equal(
    (await ask({ port, path: '/ssg/backup?node=Gateway3', user: `admin:${password}` })).text,
    '500 Routing failed',
  );
});
