import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { isAlive, ownIdentity } from '#dist/support/process-identity.js';

describe('the identity of a process', { timeout: 30_000 }, () => {
  it('is alive while it runs, and gone when another process has its number', () => {
    const own = ownIdentity();
    assert.equal(isAlive(own), true);
    assert.equal(isAlive({ ...own, startTicks: own.startTicks + 1 }), false);
    assert.equal(isAlive({ ...own, boot: 'another start of the machine' }), false);
    assert.equal(isAlive({ host: own.host, pid: own.pid, startTicks: 0 }), true);
    assert.equal(isAlive({ ...own, pid: 2 ** 22 + 1 }), false);
  });

  it('cannot be judged from another host or another set of process numbers', () => {
    const own = ownIdentity();
    assert.equal(isAlive({ ...own, host: `not-${own.host}` }), 'unknown');
    assert.equal(isAlive({ ...own, namespace: 'pid:[1]' }), 'unknown');
  });

  it('is gone when the process has ended and nobody has cleared it away', async (test) => {
    // The shell turns into a program that never asks what became of its child.
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 1000'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    test.after(() => parent.kill('SIGKILL'));
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const { host } = ownIdentity();
    while (isAlive({ host, pid: Number(line), startTicks: 0 }) !== false) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    process.kill(Number(line), 0);
  });
});
