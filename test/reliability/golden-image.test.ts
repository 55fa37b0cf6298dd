import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runBackup } from 'gateway-backup';
import { ensureNodeReleases, nodeProgram, otherReleases } from '../support/node-releases.js';
import { imageContents, readByYauzl } from '../support/read-image.js';
import { WatchedNode } from './watched-node.js';

const run = promisify(execFile);

// The same inputs and the same clock: the same image, byte for byte.

const clock = '2024-02-29T23:59:58.500Z';

/** What `runBackup` takes besides what is public. */
interface WithClock {
  readonly now: () => Date;
}

describe('the golden image', () => {
  let node: WatchedNode;
  before(async () => {
    node = await WatchedNode.start();
    // The image tells when the snapshot was taken by the server's clock, so that one stands still, too.
    const seconds = Math.floor(Date.parse(clock) / 1000);
    await node.server.execute(`SET GLOBAL init_connect = 'SET timestamp = ${seconds}';`);
    const { hostRoot } = node.gateway;
    const time = new Date('2023-05-06T07:08:09Z');
    for (const name of await readdir(hostRoot, { recursive: true }))
      await utimes(join(hostRoot, name), time, time);
    await node.acceptGatewayFiles();
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
  });
  beforeEach(() => node.clear());

  /** Says which entries differ, before it says that something else does. */
  async function assertSame(first: Buffer, second: Buffer): Promise<void> {
    const [before, after] = await Promise.all(
      [first, second].map(async (content, index) => {
        const path = join(node.work, `${index}.zip`);
        await writeFile(path, content);
        return imageContents(path);
      }),
    );
    assert.deepEqual([...before!.keys()], [...after!.keys()]);
    for (const [path, content] of before!) {
      const other = after!.get(path)!;
      if (path === 'backup.json') assert.equal(other.toString(), content.toString());
      assert.ok(other.equals(content), `${path} differs`);
    }
    assert.ok(first.equals(second), 'the entries agree, and the images differ');
  }

  async function image(): Promise<{ path: string; content: Buffer }> {
    const host: typeof node.host & WithClock = { ...node.host, now: () => new Date(clock) };
    const report = await runBackup({ image: node.image, includeAudits: true, esm: true }, host);
    assert.equal(report.status, 'success', JSON.stringify(report.components));
    const { path } = report.image;
    const content = await readFile(path);
    await node.clear();
    return { path, content };
  }

  /** Made by a process of its own; returns where it is. */
  async function imageByProcess(program: string, env: Readonly<Record<string, string>>): Promise<string> {
    const script = fileURLToPath(new URL('run-with-clock.js', import.meta.url));
    const { gatewayRoot, hostRoot } = node.gateway;
    const options = JSON.stringify({ image: node.image, gatewayRoot, hostRoot, clock });
    const path = process.env['PATH'] ?? '';
    const { stdout } = await run(program, [script, options], { env: { PATH: path, ...env } });
    return stdout.trim();
  }

  test('two runs with the same clock give the same bytes', async () => {
    const first = await image();
    const second = await image();
    assert.equal(first.path, second.path);
    await assertSame(first.content, second.content);
  });

  for (const zone of ['Pacific/Kiritimati', 'America/St_Johns', 'Antarctica/Troll']) {
    test(`in the time zone ${zone} the name has the local time, and the bytes are the same`, async () => {
      const here = await image();
      const path = await imageByProcess(process.execPath, { TZ: zone });
      const local = new Intl.DateTimeFormat('sv-SE', {
        timeZone: zone,
        dateStyle: 'short',
        timeStyle: 'medium',
      });
      const stamp = local.format(new Date(clock)).replace(/\D/g, '');
      assert.equal(path, join(node.folder, `${stamp}_node1.zip`));
      await assertSame(here.content, await readFile(path));
    });
  }

  describe('by another release of Node', { timeout: 300_000 }, () => {
    before(ensureNodeReleases);
    for (const release of otherReleases) {
      test(`Node ${release} makes the same bytes`, async () => {
        const here = await image();
        const path = await imageByProcess(nodeProgram(release), {});
        await assertSame(here.content, await readFile(path));
      });
    }
  });

  test('its files are those of the golden listing', async () => {
    const host: typeof node.host & WithClock = { ...node.host, now: () => new Date(clock) };
    const report = await runBackup({ image: node.image, includeAudits: true, esm: true }, host);
    const entries = await readByYauzl(report.image.path);
    // The dumps depend on the version of the database server, and these two on them; node.properties has its port.
    const varying = /^(?:maindb\/main_backup\.sql|audits\/audits\.gz|backup\.json|config\/node\.properties)$/;
    const listing = entries.map(({ path, bytes, sha256 }) =>
      varying.test(path) ? path : `${path} ${bytes} ${sha256.slice(0, 16)}`,
    );
    assert.deepEqual(listing, golden);
    assert.equal(entries.at(-1)?.path, 'manifest.log');
    const digest = createHash('sha256').update(
      `${listing
        .map((line) => line.split(' ')[0])
        .slice(0, -1)
        .join('\n')}\n`,
    );
    assert.equal(entries.at(-1)?.sha256, digest.digest('hex'));
  });
});

const golden: readonly string[] = [
  'version 6 03838048b34d8977',
  'maindb/main_backup.sql',
  'originallicenseobjectid.txt 16 0e7971b5f6744eda',
  'maindb/my.cnf 71 aefffa802dabdc76',
  'audits/audits.gz',
  'config/node.properties',
  'config/omp.dat 50 3eb5cb486ddd59b4',
  'config/ssglog.properties 99 b457d2b87a97375d',
  'config/system.properties 115 bccfdad7b15977e4',
  'os/etc/hosts 60 e36aaa777e00aeb4',
  'os/etc/ntp.conf 33 14b269b51af7a82b',
  'os/etc/resolv.conf 39 5853074fff80fc65',
  'os/etc/ssh/sshd_config 46 54af76d6eb22ce2d',
  'os/etc/sysconfig/network 45 42d7279f96df6d2d',
  'ca/salesforce_assertion.properties 57 d3d17d0faec8ea9b',
  'ca/symantec_scanner.properties 41 1b16fd00a6efb4d1',
  'ca/SalesforceAssertion.jar 40349 79967c6e84343351',
  'ca/SymantecScannerAssertion.jar 12343 d126da79a697d641',
  'ma/RateLimitAssertion-9.4.00.aar 60349 efa958e6d53019f2',
  'ma/SampleModule.jar 8337 d5d183cc3aff3833',
  'ma/WebSocketAssertion-9.4.00.aar 90349 992bfa3bfe75a730',
  'ext/jdbc-driver.jar 30331 d117cd8c0dacb8cb',
  'ext/jms-gateway.jar 20352 54aa599b65a8336e',
  'ext/jms-vendor.jar 20349 a0ab177280ccc2dc',
  'ext/tibco/client.properties 34 a7e774810797b713',
  'ext/tibco/tibjms.jar 25337 8ef46f1aade605fd',
  'esm/etc/conf/emconfig.xml 59 5d833343bc0af088',
  'esm/etc/conf/omp.dat 34 d816143ebe1176bd',
  'esm/etc/profile 33 20e7267fa016a452',
  'esm/var/db/emsdb/log/derby.log 48 02d0c686c9461a6a',
  'esm/var/db/emsdb/seg0/c10.dat 16384 8b69231faa374d0d',
  'esm/var/db/emsdb/service.properties 57 292958d6e9bd1089',
  'esm/var/emconfig.properties 55 f1d3f1dd43a80109',
  'backup.json',
  'manifest.log 793 b79242481fe9f203',
];
