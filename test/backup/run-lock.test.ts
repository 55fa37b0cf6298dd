import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { isBackupError } from 'gateway-backup';
import { acquireRunLock } from '#dist/backup/run-lock.js';
import type { LockAnswer } from './run-lock-process.js';

const program = new URL('./run-lock-process.js', import.meta.url);
const facts = { run: 'run-1', startedAt: new Date('2026-11-24T09:30:00Z') };

const soak = process.env['GATEWAY_BACKUP_SOAK'] === '1';
const rounds = soak ? 25 : 3;
const contenders = soak ? 20 : 8;

function lockFile(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-backup-lock-'));
  test.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return join(folder, 'lock');
}

async function startProcesses(test: TestContext, count: number): Promise<ChildProcess[]> {
  const children = Array.from({ length: count }, () => fork(program, { execArgv: [] }));
  test.after(() => Promise.all(children.map(killed)));
  await Promise.all(children.map((child) => once(child, 'message')));
  return children;
}

async function ask(child: ChildProcess, file: string): Promise<LockAnswer> {
  const answered = once(child, 'message');
  child.send(file);
  const [answer] = (await answered) as [LockAnswer];
  return answer;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function refusal(
  file: string,
): Promise<{ code: string; reason: string | undefined; message: string; hint: string | undefined }> {
  const startedMs = Date.now();
  try {
    await acquireRunLock(file, facts);
  } catch (error) {
    assert.ok(isBackupError(error), String(error));
    assert.ok(Date.now() - startedMs < 1000, `answered after ${Date.now() - startedMs} ms`);
    const { code, reason, message, hint } = error;
    return { code, reason, message, hint };
  }
  assert.fail('the lock was given');
}

async function getsLock(file: string): Promise<void> {
  await using lock = await acquireRunLock(file, facts);
  assert.ok(lock);
  assert.equal((JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid, process.pid);
}

function age(file: string, seconds: number): void {
  const then = Date.now() / 1000 - seconds;
  utimesSync(file, then, then);
}

describe('the run lock', { timeout: soak ? 600_000 : 60_000 }, () => {
  it('is a file of mode 0600 that is gone when the lock is given back', async (test) => {
    const file = lockFile(test);
    const lock = await acquireRunLock(file, facts);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await lock[Symbol.asyncDispose]();
    await lock[Symbol.asyncDispose]();
    assert.deepEqual(readdirSync(join(file, '..')), []);
  });

  it('is refused while it is held, and names the holder', async (test) => {
    const file = lockFile(test);
    await using lock = await acquireRunLock(file, facts);
    assert.ok(lock);
    assert.deepEqual(await refusal(file), {
      code: 'BUSY',
      reason: 'locked',
      message: `Another backup of this node is running: process ${process.pid} on ${hostname()}, since 2026-11-24T09:30:00.000Z`,
      hint: 'Try again when it has ended.',
    });
  });

  it('goes to exactly one of 50 processes that ask at once; the others hear within a second who has it', async (test) => {
    const file = lockFile(test);
    const children = await startProcesses(test, 50);
    const answers = await Promise.all(children.map((child) => ask(child, file)));
    const winner = answers.findIndex(({ won }) => won);
    const losers = answers.filter(({ won }) => !won);
    assert.equal(losers.length, 49);
    for (const { code, message, tookMs } of losers) {
      assert.equal(code, 'BUSY');
      assert.match(message!, new RegExp(`process ${children[winner]!.pid} on `));
      assert.ok(tookMs <= 1000, `${tookMs} ms`);
    }
    test.diagnostic(`slowest answer: ${Math.max(...answers.map(({ tookMs }) => tookMs))} ms`);
  });

  it('of a killed holder goes to exactly one of the processes that ask at once, time after time', async (test) => {
    const file = lockFile(test);
    for (let round = 0; round < rounds; round++) {
      const [holder, ...children] = await startProcesses(test, contenders + 1);
      assert.ok((await ask(holder!, file)).won);
      await killed(holder!);
      const answers = await Promise.all(children.map((child) => ask(child, file)));
      assert.deepEqual(answers.filter(({ won }) => won).length, 1, JSON.stringify(answers, undefined, 1));
      for (const { code, tookMs } of answers)
        assert.ok(code === undefined || (code === 'BUSY' && tookMs <= 1000));
      await Promise.all(children.map(killed));
    }
    assert.deepEqual(readdirSync(join(file, '..')), ['lock']);
  });

  it('is never taken from a holder that lives', async (test) => {
    const file = lockFile(test);
    const [holder] = await startProcesses(test, 1);
    assert.ok((await ask(holder!, file)).won);
    age(file, 1_000_000);
    for (let attempt = 0; attempt < 20; attempt++) {
      assert.match((await refusal(file)).message, new RegExp(`process ${holder!.pid} `));
    }
    holder!.send('give it back');
    await once(holder!, 'exit');
    await getsLock(file);
  });

  it('is healed when the number of its process belongs to another process by now', async (test) => {
    const file = lockFile(test);
    const [holder] = await startProcesses(test, 1);
    assert.ok((await ask(holder!, file)).won);
    const content = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; startTicks: number };
    await killed(holder!);
    // This test's process has that number now, so to say: alive, and started at another time.
    writeFileSync(file, JSON.stringify({ ...content, pid: process.pid }));
    await getsLock(file);
  });

  it('of another machine is not healed; the hint says how to remove it', async (test) => {
    const file = lockFile(test);
    writeFileSync(
      file,
      JSON.stringify({
        pid: 4_000_000,
        host: 'far-away',
        startTicks: 0,
        run: 'r',
        startedAt: 'then',
      }),
    );
    assert.deepEqual(await refusal(file), {
      code: 'BUSY',
      reason: 'locked',
      message: 'Another backup of this node is running: process 4000000 on far-away, since then',
      hint: `If no backup is running on far-away any more, remove ${file}.`,
    });
  });

  const senseless: Readonly<Record<string, string | Buffer>> = {
    empty: '',
    'no JSON': 'garbage \u0000 \u001b[31m',
    'no object': '7',
    'without a process': '{"host":"x"}',
    'with a process group for a process': '{"pid":-1,"host":"x","run":"r","startedAt":"s","startTicks":0}',
    'much too long': Buffer.alloc(1024 * 1024, '['),
  };
  for (const [name, content] of Object.entries(senseless)) {
    it(`file that is ${name} is healed when it is old, and respected while it may be in the making`, async (test) => {
      const file = lockFile(test);
      writeFileSync(file, content);
      assert.match((await refusal(file)).message, /it has not said yet which process it is/);
      age(file, 6);
      await getsLock(file);
      assert.equal(existsSync(file), false);
    });
  }

  it('heals after a process was killed while it healed', async (test) => {
    const file = lockFile(test);
    for (const name of [file, `${file}.healing`]) {
      writeFileSync(name, '');
      age(name, 6);
    }
    await getsLock(file);
    assert.deepEqual(readdirSync(join(file, '..')), []);
  });

  it('file that cannot be read as a file is a clear refusal, and stays', async (test) => {
    const file = lockFile(test);
    mkdirSync(file);
    assert.match((await refusal(file)).message, /the lock .* cannot be read: not a regular file/);
    assert.equal((await refusal(file)).reason, 'lock-unreadable');
    const link = join(file, 'link');
    symlinkSync('/etc/passwd', link);
    assert.match((await refusal(link)).message, /cannot be read: ELOOP/);
    assert.ok(existsSync(link));
  });

  it('in a folder that is missing is an error of its own', async (test) => {
    const { code, reason, message } = await refusal(join(lockFile(test), 'lock'));
    assert.deepEqual([code, reason], ['IMAGE_WRITE_FAILED', 'lock-not-writable']);
    assert.match(message, /ENOENT/);
  });

  it('is not asked for when the signal is aborted', async (test) => {
    const file = lockFile(test);
    await assert.rejects(
      acquireRunLock(file, { ...facts, signal: AbortSignal.abort('no') }),
      (error) => isBackupError(error) && error.code === 'CANCELLED' && error.cause === 'no',
    );
    assert.equal(existsSync(file), false);
  });
});
