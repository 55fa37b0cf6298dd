import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { StagedImage } from '#dist/image/staged-image.js';
import { clearLeftovers, stagingName } from '#dist/support/staging-leftovers.js';
import { bytesEntry } from 'gateway-backup';
import { assertNothingLeft, takeStock } from '../support/leak-check.js';
import { addSampleRecord, chunked, noise } from '../support/sample-image.js';

const limit = { timeout: 60_000 };
let root: string;
let folder: string;
let number = 0;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'staged-image-'));
});
after(async () => {
  await rm(root, { recursive: true });
});
beforeEach(async () => {
  folder = join(root, String(number++));
  await mkdir(folder);
});

describe('a staged image', limit, () => {
  it('is written under a temporary name, private at every moment, and confirmed', async () => {
    const stock = takeStock();
    const staged = await filled();
    assert.equal(staged.name, 'node1.zip');
    assert.match((await readdir(folder)).join(), /^\.gateway-backup-.*\.part$/);
    assert.equal((await stat(staged.path)).mode & 0o777, 0o600);
    const progress: number[] = [];
    await staged.confirm({ onProgress: (bytes) => progress.push(bytes) });
    assert.equal(progress.at(-1), staged.bytes);
    await staged.confirm({ full: true });
    for (let i = 0; i < 2; i++) {
      const content = Buffer.concat((await staged.open().toArray()) as Buffer[]);
      assert.deepEqual(content, await readFile(staged.path));
    }
    await staged.remove();
    await staged.remove();
    await assertNothingLeft(stock, { emptyFolders: [folder] });
  });

  it('is not to be had before it is finished', async () => {
    await using staged = await StagedImage.create(folder, 'node1.zip');
    assert.throws(() => staged.sha256, { code: 'INTERNAL' });
    assert.throws(() => staged.open(), { code: 'INTERNAL' });
    await assert.rejects(staged.confirm(), { code: 'INTERNAL' });
  });

  it('does not confirm a file that changed on the disk by a bit, was cut, grew or is gone', async () => {
    const changes: ((path: string, bytes: number) => Promise<void>)[] = [
      (path, bytes) => patch(path, bytes >> 1),
      (path) => patch(path, 0),
      (path, bytes) => patch(path, bytes - 1),
      async (path) => {
        const file = await open(path, 'r+');
        await file.truncate(1000);
        await file.close();
      },
      (path) => writeFile(path, 'x', { flag: 'a' }),
      (path) => rm(path),
    ];
    for (const change of changes) {
      await using staged = await filled();
      await change(staged.path, staged.bytes);
      await assert.rejects(staged.confirm(), { code: 'IMAGE_INVALID', reason: 'read-back', retryable: true });
    }
    assert.deepEqual(await readdir(folder), []);
  });

  it('names what is wrong when the full check finds what the quick one cannot', async () => {
    await using staged = await StagedImage.create(folder, 'node1.zip');
    await staged.writer.add('ext', bytesEntry('a', 'a'));
    await staged.finish();
    await staged.confirm();
    await assert.rejects(staged.confirm({ full: true }), {
      code: 'IMAGE_INVALID',
      message: /backup\.json is missing/,
    });
  });

  it('stops confirming when it is cancelled', async () => {
    await using staged = await filled();
    await assert.rejects(staged.confirm({ signal: AbortSignal.abort() }), { code: 'CANCELLED' });
    const control = new AbortController();
    const onProgress = (): void => {
      control.abort('enough');
    };
    await assert.rejects(staged.confirm({ signal: control.signal, onProgress, full: true }), {
      cause: 'enough',
    });
    await assertNothingLeft(takeStock(), { signals: [control.signal] });
  });

  it('leaves nothing when it is given up, and what a sink renamed away stays', async () => {
    {
      await using staged = await StagedImage.create(folder, 'node1.zip');
      await staged.writer.add('ext', { path: 'a', open: () => chunked(noise(3_000_000), 65_536) });
    }
    assert.deepEqual(await readdir(folder), []);
    {
      await using staged = await filled();
      await rename(staged.path, join(folder, 'final.zip'));
    }
    assert.deepEqual(await readdir(folder), ['final.zip']);
  });

  it('can be kept under a name that nothing clears and that replaces nothing', async () => {
    await writeFile(join(folder, 'node1.zip'), 'precious');
    await using staged = await filled();
    const kept = await staged.keep();
    assert.equal(kept, join(folder, 'node1.zip.1'));
    await clearLeftovers(folder);
    assert.deepEqual((await readdir(folder)).sort(), ['node1.zip', 'node1.zip.1']);
    assert.equal(await readFile(join(folder, 'node1.zip'), 'utf8'), 'precious');
    assert.equal((await stat(kept)).mode & 0o777, 0o600);
  });

  it('is not created in a folder that is missing', async () => {
    const missing = join(folder, 'missing');
    await assert.rejects(StagedImage.create(missing, 'a.zip'), {
      code: 'IMAGE_WRITE_FAILED',
      message: /ENOENT/,
    });
  });
});

describe('leftovers', limit, () => {
  it('of dead processes are removed; those of living ones, of others and of other kinds stay', async () => {
    const dead = spawnSync('true').pid;
    const id = '0123456789abcdef';
    const host = encodeURIComponent(hostname());
    const gone = [
      `.gateway-backup-${host}-${dead}-1-${id}.part`,
      `.gateway-backup-${host}-${process.pid}-1-${id}.part`,
    ];
    const kept = [
      stagingName(),
      `.gateway-backup-elsewhere-${dead}-1-${id}.part`,
      `.gateway-backup-${host}-${dead}-1-${id}.part.txt`,
      `gateway-backup-${host}-${dead}-1-${id}.part`,
      'node1.zip',
    ];
    for (const name of [...gone, ...kept]) await writeFile(join(folder, name), '');
    const link = `.gateway-backup-${host}-${dead}-1-${id.replace('0', '1')}.part`;
    await symlink(join(folder, 'node1.zip'), join(folder, link));
    assert.deepEqual(
      [...(await clearLeftovers(folder))].sort(),
      gone.map((name) => join(folder, name)).sort(),
    );
    assert.deepEqual((await readdir(folder)).sort(), [...kept, link].sort());
    assert.deepEqual(await clearLeftovers(join(folder, 'missing')), []);
  });

  it('of a killed process are found by its name', async () => {
    const script = `
      const { StagedImage } = await import('#dist/image/staged-image.js');
      const staged = await StagedImage.create(process.argv[1], 'x.zip');
      console.log('ready');
      setInterval(() => staged, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    assert.deepEqual(await clearLeftovers(folder), []);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal((await clearLeftovers(folder)).length, 1);
    assert.deepEqual(await readdir(folder), []);
  });
});

async function filled(): Promise<StagedImage> {
  const staged = await StagedImage.create(folder, 'node1.zip');
  await staged.writer.addOwn(bytesEntry('version', '9.4.00'));
  await staged.writer.add('ext', { path: 'large', open: () => chunked(noise(3_000_000), 65_536) });
  await addSampleRecord(staged.writer, ['ext']);
  await staged.finish();
  return staged;
}

async function patch(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0]! ^= 1;
  await file.write(byte, 0, 1, at);
  await file.close();
}
