import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { verifyImage } from 'gateway-backup';
import { createSampleGateway, type SampleGateway } from 'gateway-backup/testing';
import { objectStore } from './object-store.js';
import { runExample } from './run-example.js';

const site = 'opt/SecureSpan/Gateway/config/site';

describe('the examples', () => {
  let gateway: SampleGateway;
  let folder: string;

  before(async () => {
    gateway = await createSampleGateway({
      files: {
        [`${site}/nightly.sh`]: '#!/bin/sh\n',
        [`${site}/notes.txt`]: 'not a script\n',
        'etc/motd': 'Welcome\n',
      },
    });
  });
  after(() => gateway.remove());

  const inFolder = (title: string, run: (image: string) => Promise<void>) =>
    test(title, async () => {
      folder = await mkdtemp(join(tmpdir(), 'example-'));
      try {
        await run(join(folder, 'node.zip'));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  const machine = () => [gateway.gatewayRoot, gateway.hostRoot];
  const images = async () => (await readdir(folder)).filter((name) => name.endsWith('node.zip'));

  inFolder('basic-backup makes an image and tells each component', async (image) => {
    const { status, stdout, stderr } = await runExample('basic-backup', [image, ...machine()]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^config: collected, 4 entries/mu);
    assert.match(stdout, /^maindb: not-applicable/mu);
    const [name = ''] = await images();
    assert.match(stdout, new RegExp(`^success: ${join(folder, name)}$`, 'mu'));
    assert.equal((await verifyImage(join(folder, name))).valid, true);
  });

  inFolder('basic-backup says what is wrong, with code and hint, when there is no Gateway', async (image) => {
    const { status, stderr } = await runExample('basic-backup', [image, folder, folder]);
    assert.equal(status, 1);
    assert.match(stderr, /^GATEWAY_NOT_CONFIGURED: /u);
    assert.deepEqual(await readdir(folder), []);
  });

  inFolder('plan-only prints the plan and makes nothing', async () => {
    const { status, stdout, stderr } = await runExample('plan-only', machine());
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^\+ config/mu);
    assert.match(stdout, /^- maindb/mu);
    assert.match(stdout, /about \d+ bytes before compression$/mu);
    assert.deepEqual(await images(), []);
  });

  inFolder('progress-and-cancel shows every event of a run', async (image) => {
    const { status, stdout, stderr } = await runExample('progress-and-cancel', [image, ...machine()]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^\d components to take$/mu);
    assert.match(stdout, /^config …$/mu);
    assert.match(stdout, /^config: collected$/mu);
    assert.match(stdout, /SHA-256 [0-9a-f]{64}$/mu);
    assert.match(stdout, /^success after \d+ ms$/mu);
  });

  inFolder('progress-and-cancel leaves nothing when its time is up', async (image) => {
    const { status, stdout, stderr } = await runExample('progress-and-cancel', [image, ...machine(), '0']);
    assert.equal(status, 130, stderr);
    assert.match(stdout, /^cancelled: .*timeout/mu);
    assert.deepEqual(await readdir(folder), []);
  });

  inFolder('custom-collector puts the files of the site into the image', async (image) => {
    const { status, stdout, stderr } = await runExample('custom-collector', [image, ...machine()]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^site: collected, 3 entries$/mu);
    const [name = ''] = await images();
    const { record } = await verifyImage(join(folder, name));
    assert.deepEqual(
      record?.entries.filter(({ component }) => component === 'site').map(({ path }) => path),
      ['site/scripts/nightly.sh', 'site/motd', 'site/node.txt'],
    );
  });

  inFolder('object-store-sink uploads the image', async () => {
    await using store = await objectStore('s3cret');
    const { status, stdout, stderr } = await runExample(
      'object-store-sink',
      [store.folder.href, ...machine()],
      { OBJECT_STORE_TOKEN: 's3cret' },
    );
    assert.equal(status, 0, stderr);
    const [name = '', content = Buffer.alloc(0)] = [...store.objects][0] ?? [];
    assert.match(stdout, new RegExp(`^success: ${store.folder.href}${name}$`, 'mu'));
    const image = join(folder, 'node.zip');
    await writeFile(image, content);
    assert.equal((await verifyImage(image)).valid, true);
  });

  inFolder('object-store-sink is refused before any work with a wrong token', async () => {
    await using store = await objectStore('s3cret');
    const { status, stderr } = await runExample('object-store-sink', [store.folder.href, ...machine()], {
      OBJECT_STORE_TOKEN: 'wrong-canary',
    });
    assert.equal(status, 1);
    assert.match(stderr, /SINK_REJECTED/u);
    assert.ok(!stderr.includes('wrong-canary'));
    assert.equal(store.objects.size, 0);
  });

  inFolder('cron-script keeps the last seven images', async () => {
    for (let day = 1; day <= 9; day++) {
      await writeFile(join(folder, `2020010${day}023000_nightly.zip`), '');
    }
    await mkdir(join(folder, 'other'));
    const { status, stdout, stderr } = await runExample('cron-script', [folder, ...machine()]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^success: .*_nightly\.zip, \d+ bytes, \d+ s$/mu);
    const left = (await readdir(folder)).sort();
    assert.equal(left.length, 8, left.join(' '));
    assert.equal(left[0], '20200104023000_nightly.zip');
    assert.equal(left.at(-1), 'other');
  });

  inFolder('cron-script ends with 1 and one line when the folder is not there', async () => {
    const { status, stderr } = await runExample('cron-script', [join(folder, 'missing'), ...machine()]);
    assert.equal(status, 1);
    assert.match(stderr, /^INVALID_OPTIONS: .*\n$/u);
  });

  test('ci-integration-test passes', async () => {
    const { status, stdout, stderr } = await runExample('ci-integration-test', []);
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^# fail 0$/mu);
  });
});
