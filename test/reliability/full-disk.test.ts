import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isBackupError, runBackup, type BackupError, type BackupEvent } from 'gateway-backup';
import { createSampleGateway, type SampleGateway } from 'gateway-backup/testing';
import { assertNothingLeft, takeStock } from '../support/leak-check.js';
import { ScriptedFtpServer } from '../support/scripted-ftp-server.js';

// An image of 20 MiB, and a real file system of 8 MiB. Mounting it needs the rights of root; without them the tests say so
// and fail, rather than pass without having tried.

describe('a disk that is too small', () => {
  let gateway: SampleGateway;
  let root: string;
  let small: string;
  before(async () => {
    gateway = await createSampleGateway();
    const modules = gateway.resolve('Gateway', 'runtime', 'modules', 'assertions');
    for (let index = 0; index < 10; index += 1) {
      await writeFile(join(modules, `Large-${index}.aar`), randomBytes(2 * 1024 * 1024));
    }
    root = await mkdtemp(join(tmpdir(), 'full-disk-'));
    small = join(root, 'small');
    await mkdir(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', small]);
  });
  after(async () => {
    execFileSync('umount', [small]);
    await gateway.remove();
    await rm(root, { recursive: true, force: true });
  });

  async function refused(
    options: Parameters<typeof runBackup>[0],
    host: Parameters<typeof runBackup>[1] = {},
  ): Promise<{ error: BackupError; events: BackupEvent[] }> {
    const { gatewayRoot, hostRoot } = gateway;
    const events: BackupEvent[] = [];
    const held = takeStock();
    const error = await runBackup(options, {
      ...{ gatewayRoot, hostRoot, workDirectory: root },
      onEvent: (event) => events.push(event),
      ...host,
    }).then(
      () => assert.fail('there was room'),
      (reason: unknown) => reason,
    );
    assert.ok(isBackupError(error), String(error));
    await assertNothingLeft(held, { emptyFolders: [small] });
    assert.deepEqual(await readdir(root), ['small']);
    return { error, events };
  }

  const started = (events: readonly BackupEvent[]): boolean =>
    events.some(({ type }) => type === 'component-started');

  test('a local image: the run is refused before anything is collected, and both numbers are named', async () => {
    const { error, events } = await refused({ image: join(small, 'node1.zip') });
    assert.equal(error.code, 'INSUFFICIENT_SPACE');
    const [, folder, needed, free] = /space in (\S+): about (\d+) bytes .* (\d+) bytes are free/.exec(
      error.message,
    )!;
    assert.equal(folder, small);
    assert.ok(Number(needed) > 20 * 1024 * 1024 && Number(needed) < 24 * 1024 * 1024, needed);
    assert.ok(Number(free) > 0 && Number(free) <= 8 * 1024 * 1024, free);
    assert.ok(!started(events), 'something was collected');
  });

  test('an image for FTP: the work folder is the one that is named, and nothing is uploaded', async () => {
    const server = await ScriptedFtpServer.start();
    try {
      const ftp = { host: '127.0.0.1', port: server.port, user: 'u', password: 'canary' };
      const { error, events } = await refused({ image: 'node1.zip', ftp }, { workDirectory: small });
      assert.equal(error.code, 'INSUFFICIENT_SPACE');
      assert.ok(error.message.includes(`space in ${small}:`), error.message);
      assert.ok(!started(events), 'something was collected');
      assert.ok(!server.verbs().includes('STOR'));
    } finally {
      await server.stop();
    }
  });

  test('without the check the disk fills up, which is told with the file and the reason, and nothing is left', async () => {
    const { error, events } = await refused({ image: join(small, 'node1.zip') }, { checkFreeSpace: false });
    assert.deepEqual([error.code, error.reason], ['IMAGE_WRITE_FAILED', 'no-space']);
    assert.match(error.message, /write the image file .*small.*: ENOSPC$/);
    assert.ok(error.hint?.includes(small));
    assert.ok(started(events));
    assert.equal(error.report!.status, 'failed');
  });

  test('the same with a work folder that fills up under an image for FTP', async () => {
    const server = await ScriptedFtpServer.start();
    try {
      const ftp = { host: '127.0.0.1', port: server.port, user: 'u', password: 'canary' };
      const host = { workDirectory: small, checkFreeSpace: false };
      const { error } = await refused({ image: 'node1.zip', ftp }, host);
      assert.deepEqual([error.code, error.reason], ['IMAGE_WRITE_FAILED', 'no-space']);
      assert.deepEqual([...server.files.keys()], []);
      assert.equal(await server.openSockets(), 0);
    } finally {
      await server.stop();
    }
  });

  test('what fits is stored there, and the mapping template and the image may lie on different disks', async () => {
    const { gatewayRoot, hostRoot } = gateway;
    const report = await runBackup(
      { image: join(small, 'node1.zip'), config: true, ext: true },
      { gatewayRoot, hostRoot, workDirectory: root },
    );
    assert.equal(report.status, 'success');
    await rm(report.image.path);
  });
});
