import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { isBackupError, runBackup } from 'gateway-backup';
import { scriptedCollector } from 'gateway-backup/testing';
import { until } from '../support/leak-check.js';
import { program } from '../support/ssgbackup.js';
import { ensure } from '../support/prerequisites.js';
import { reportOf, WatchedNode, withRpm } from './watched-node.js';

const runs = 50;

describe('two backups of one node', () => {
  let node: WatchedNode;
  let programs: string;
  /** While it is not there, the run that holds the lock waits inside `rpm`. */
  let gate: string;
  let lock: string;
  before(async () => {
    await ensure('rpm');
    node = await WatchedNode.start({ database: false });
    programs = await mkdtemp(join(tmpdir(), 'one-at-a-time-'));
    gate = join(programs, 'gate');
    lock = node.gateway.resolve('Gateway', 'config', 'backup', '.gateway-backup.lock');
    const script = `#!/bin/sh\nwhile [ ! -e ${gate} ]; do sleep 0.05; done\nexit 1\n`;
    await writeFile(join(programs, 'rpm'), script, { mode: 0o755 });
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
    await rm(programs, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await node.clear();
    await rm(gate, { force: true });
    await rm(lock, { force: true });
  });

  const wrapper = (): string[] => withRpm(join(programs, 'rpm'));

  test(`of ${runs} processes that are started at once one works, and all others are refused and name it`, async () => {
    let ended = 0;
    const pids: number[] = [];
    const all = Array.from({ length: runs }, async (_, index) => {
      const result = await node.run(['-config', '-ext', '--json'], {
        wrapper: wrapper(),
        onStart: (child) => (pids[index] = child.pid!),
      });
      ended += 1;
      return { ...result, index };
    });
    await until(() => ended === runs - 1, 110_000);
    await writeFile(gate, '');
    const results = await Promise.all(all);
    const working = results.filter(({ status }) => status !== 1);
    assert.equal(working.length, 1, working.map(({ stderr }) => stderr).join('\n'));
    for (const result of results) {
      if (result.index === working[0]!.index) continue;
      const error = reportOf(result)!.error!;
      assert.equal(error.code, 'BUSY');
      assert.ok(error.message.includes(`process ${pids[working[0]!.index]!} on `), error.message);
    }
    const durations = results.filter(({ status }) => status === 1).map((result) => durationOf(result.stdout));
    console.log(
      `one at a time: ${durations.length} were refused, the slowest ${Math.max(...durations)} ms into its run`,
    );
    // Half a hundred processes on a few cores mostly wait for their turn; what one alone takes is asserted below.
    assert.ok(Math.max(...durations) <= 20_000, `${Math.max(...durations)} ms`);
    assert.ok(!existsSync(lock));
    await node.check(working[0]);
  });

  test(`of ${runs} runs of the library in one process one works, and all others are refused within a second`, async () => {
    let open: (() => void) | undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const collectors = [scriptedCollector('own', [{ act: () => opened }, { entry: 'a.txt', content: 'a' }])];
    let refused = 0;
    let slowestMs = 0;
    const startedAt = Date.now();
    const all = Array.from({ length: runs }, () =>
      runBackup({ image: node.image, components: ['own'] }, { ...node.host, collectors }).then(
        ({ status }) => status,
        (error: unknown) => {
          assert.ok(isBackupError(error));
          assert.equal(error.code, 'BUSY');
          assert.ok(error.message.includes(`process ${process.pid} on `), error.message);
          slowestMs = Math.max(slowestMs, Date.now() - startedAt);
          refused += 1;
          if (refused === runs - 1) open!();
          return 'busy';
        },
      ),
    );
    const results = await Promise.all(all);
    assert.deepEqual(
      results.filter((result) => result !== 'busy'),
      ['success'],
    );
    assert.ok(slowestMs <= 2000, `${slowestMs} ms`);
    console.log(`one at a time: in one process the slowest was refused after ${slowestMs} ms`);
    assert.ok(!existsSync(lock));
  });

  test('a holder that was killed does not block the next run, which clears what it left', async () => {
    const [unshare, ...rest] = [...wrapper(), process.execPath, program, ...node.args('-config', '-ext')];
    // Both unshare and the shell replace themselves, so the process stays the same.
    const child = spawn(unshare!, rest, {
      env: { PATH: process.env['PATH'], TMPDIR: node.work },
      stdio: 'ignore',
    });
    await until(() => existsSync(lock), 20_000);
    const busy = await node.run(['-config', '--json']);
    assert.equal(busy.status, 1);
    assert.match(
      busy.stderr,
      new RegExp(`Another backup of this node is running: process ${child.pid!} on `),
    );
    child.kill('SIGKILL');
    await once(child, 'close');
    assert.ok(existsSync(lock));
    const next = await node.run(['-config', '--json']);
    assert.equal(next.status, 0, next.stderr);
    await node.check(next);
    assert.ok(!existsSync(lock));
  });

  const garbage: readonly [string, string][] = [
    ['empty', ''],
    ['garbage', '\0\u001b[2Jnot json'],
    ['of a process that does not exist', JSON.stringify(holder({ pid: 2 ** 22 + 1 }))],
    ['of an earlier process of this number', JSON.stringify(holder({ startTicks: 1 }))],
  ];
  for (const [what, content] of garbage) {
    test(`a lock file that is ${what} is healed`, async () => {
      await writeFile(lock, content, { mode: 0o600 });
      const old = new Date(Date.now() - 60_000);
      await utimes(lock, old, old);
      const result = await node.run(['-config', '--json']);
      assert.equal(result.status, 0, result.stderr);
      await node.check(result);
      assert.ok(!existsSync(lock));
    });
  }

  test('a lock file of another machine is not healed, and the message says what to do', async () => {
    await writeFile(lock, JSON.stringify(holder({ host: 'other\u001b[2J.example.com' })));
    const result = await node.run(['-config', '--json']);
    assert.equal(result.status, 1);
    const { code, message, hint } = reportOf(result)!.error!;
    assert.equal(code, 'BUSY');
    assert.ok(!/[\u0000-\u001f]/.test(message + (hint ?? '')), 'control characters were printed');
    assert.ok(hint?.includes(lock), hint);
    assert.ok((await readFile(lock, 'utf8')).includes('example.com'), 'the lock is still there');
    await rm(lock);
    await node.check(result);
  });
});

function holder(changes: Record<string, unknown>): Record<string, unknown> {
  return {
    ...{ host: hostname(), pid: process.pid, startTicks: 12345 },
    ...{ run: 'run', startedAt: '2026-11-24T09:30:00.000Z' },
    ...changes,
  };
}

function durationOf(stdout: string): number {
  const report = JSON.parse(stdout.trim().split('\n').at(-1)!) as { readonly durationMs: number };
  return report.durationMs;
}
