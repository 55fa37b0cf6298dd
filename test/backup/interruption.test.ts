import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isBackupError, runBackup, verifyImage } from 'gateway-backup';
import { SeededRandom, type SampleGateway } from 'gateway-backup/testing';
import { rounds, testSeed } from '../support/soak.js';
import { startSampleNode, type SampleNode } from '../support/sample-node.js';
import { ssgbackup, type ProgramResult } from '../support/ssgbackup.js';

describe('a run that is stopped', () => {
  let node: SampleNode;
  let gateway: SampleGateway;
  let folder: string;
  before(async () => {
    node = await startSampleNode();
    gateway = await node.gateway();
    folder = await mkdtemp(join(tmpdir(), 'interruption-'));
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
    await gateway.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const backup = (onStart?: (child: ChildProcess) => void, ...more: string[]): Promise<ProgramResult> =>
    ssgbackup(
      [
        ...['-image', join(folder, 'node1.zip'), '-ia', '-v', ...more],
        ...['--root', gateway.gatewayRoot, '--host-root', gateway.hostRoot],
      ],
      { onStart },
    );

  /** Under a final name there is a whole image; everything else is a leftover of ours that is recognised. */
  async function check(): Promise<{ images: string[]; leftovers: string[] }> {
    const names = await readdir(folder);
    const images = names.filter((name) => /^\d{14}_node1\.zip$/.test(name));
    const leftovers = names.filter((name) => !images.includes(name));
    for (const name of images) {
      const { valid, faults } = await verifyImage(join(folder, name));
      assert.ok(valid, JSON.stringify(faults));
    }
    for (const name of leftovers) assert.match(name, /^\.gateway-backup-.*\.part$/);
    for (const name of names) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
    return { images, leftovers };
  }

  async function clear(): Promise<void> {
    for (const name of await readdir(folder)) await rm(join(folder, name));
  }

  test('SIGKILL at random moments leaves nothing at the final name, or a whole image; the next run clears the rest', async () => {
    const startedAt = Date.now();
    assert.equal((await backup()).status, 0);
    const usualMs = Date.now() - startedAt;
    await clear();
    const random = new SeededRandom(testSeed('kill at random moments'));
    let killed = 0;
    for (let round = 0; round < rounds(20, 200); round += 1) {
      const result = await backup((child) => {
        const timer = setTimeout(() => child.kill('SIGKILL'), random.integer(Math.round(usualMs * 1.1)));
        child.once('exit', () => {
          clearTimeout(timer);
        });
      });
      if (result.signal === 'SIGKILL') killed += 1;
      const { leftovers } = await check();
      assert.ok(leftovers.length <= 1, leftovers.join(', '));
    }
    assert.ok(killed > 0, 'no run was killed');
    await clear();
    // One kill that is sure to strike in the middle, so that there is something to clear.
    await backup((child) => {
      child.stdout!.once('data', () => child.kill('SIGKILL'));
    });
    assert.equal((await backup()).status, 0);
    const { images, leftovers } = await check();
    assert.deepEqual({ images: images.length, leftovers }, { images: 1, leftovers: [] });
    await clear();
  });

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    test(`${signal} ends the run cleanly with status ${status}`, async () => {
      const result = await backup((child) => {
        child.stdout!.once('data', () => child.kill(signal));
      });
      assert.deepEqual({ status: result.status, signal: result.signal }, { status, signal: null });
      assert.match(result.stderr, /\nBackup failed: cancelled\n/);
      assert.deepEqual(await readdir(folder), []);
    });
  }

  test('the image has mode 0600 at every moment, whatever the umask is', async () => {
    const modes = new Set<number>();
    const done = new AbortController();
    const watching = (async () => {
      while (!done.signal.aborted) {
        for (const name of await readdir(folder)) {
          const found = await stat(join(folder, name)).catch(() => undefined);
          if (found !== undefined) modes.add(found.mode & 0o777);
        }
      }
    })();
    const result = await ssgbackup(
      [
        ...['-image', join(folder, 'node1.zip'), '-ia'],
        ...['--root', gateway.gatewayRoot, '--host-root', gateway.hostRoot],
      ],
      { wrapper: ['sh', '-c', 'umask 000; exec "$@"', 'sh'] },
    );
    done.abort();
    await watching;
    assert.equal(result.status, 0, result.stderr);
    assert.deepEqual([...modes], [0o600]);
    await clear();
  });

  test('a signal of the library cancels at any event, and has no listener afterwards', async () => {
    const { gatewayRoot, hostRoot } = gateway;
    const host = { gatewayRoot, hostRoot, workDirectory: folder };
    const options = { image: join(folder, 'node1.zip'), includeAudits: true };
    const types: string[] = [];
    await runBackup(options, { ...host, onEvent: (event) => types.push(event.type) });
    await clear();
    // What comes after the last component tells of an image that is stored already.
    const events = types.lastIndexOf('component-finished') + 1;
    assert.ok(events > 10, types.join(' '));
    for (let at = 1; at <= events; at += 1) {
      const controller = new AbortController();
      let seen = 0;
      const reason = new Error('enough');
      const run = runBackup(options, {
        ...host,
        signal: controller.signal,
        onEvent: () => {
          seen += 1;
          if (seen === at) controller.abort(reason);
        },
      });
      await assert.rejects(run, (error) => {
        assert.ok(isBackupError(error), String(error));
        assert.equal(error.code, 'CANCELLED');
        assert.equal(error.cause, reason);
        return true;
      });
      assert.deepEqual(await readdir(folder), [], `event ${at}`);
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    }
  });

  test('a signal that is aborted already touches nothing', async () => {
    const { gatewayRoot, hostRoot } = gateway;
    const events: unknown[] = [];
    await assert.rejects(
      runBackup(
        { image: join(folder, 'node1.zip') },
        { gatewayRoot, hostRoot, signal: AbortSignal.abort(), onEvent: (event) => events.push(event) },
      ),
      { code: 'CANCELLED' },
    );
    assert.deepEqual(events, []);
    assert.deepEqual(await readdir(folder), []);
  });
});
