import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runBackup, type BackupEvent } from 'gateway-backup';
import { ensure } from '../support/prerequisites.js';
import { program, ssgbackup } from '../support/ssgbackup.js';
import { WatchedNode } from './watched-node.js';

// Consoles that break, environments that lack, clocks that jump: the backup is made all the same, and its status tells so.

const run = promisify(execFile);

describe('odd surroundings', () => {
  let node: WatchedNode;
  before(async () => {
    node = await WatchedNode.start();
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
  });
  beforeEach(() => node.clear());

  /** Runs a shell pipeline in which `"$@"` is the program. */
  async function inShell(script: string, args: readonly string[], env: Record<string, string> = {}) {
    const result = await ssgbackup(node.args(...args), {
      wrapper: ['bash', '-c', script, 'bash'],
      env: { TMPDIR: node.work, ...env },
    });
    const { signal, stdout, stderr } = result;
    assert.equal(signal, null, 'it hangs');
    assert.ok(!/^\s+at .+:\d+:\d+\)?$/m.test(stdout + stderr), `a stack trace: ${stderr}`);
    assert.ok(!/Error:|Unhandled|\(node:/.test(stderr), stderr);
    return result;
  }

  async function assertImage(count = 1): Promise<void> {
    const images = await node.check(undefined);
    assert.equal(images.length, count);
  }

  for (const [what, args] of [
    ['with -v', ['-v']],
    ['with --json', ['--json']],
    ['without either', []],
  ] as const) {
    test(`a reader of standard output that goes away costs nothing (${what})`, async () => {
      const { stdout } = await inShell('"$@" | head -1; echo "status ${PIPESTATUS[0]}"', args);
      assert.match(stdout, /status 0\n$/);
      await assertImage();
    });
  }

  test('standard output that is closed, or standard error, or both, costs nothing', async () => {
    for (const closed of ['>&-', '2>&-', '>&- 2>&-', '</dev/null >/dev/full', '2>/dev/full']) {
      const { status, stderr } = await inShell(`"$@" -v ${closed}`, []);
      assert.equal(status, 0, `${closed}: ${stderr}`);
      await assertImage();
      await node.clear();
    }
  });

  test('a reader of standard error that never reads does not keep the program from its end', async () => {
    // The pipe is full beforehand.
    const script = `
      mkfifo ${node.work}/pipe
      exec 9<>${node.work}/pipe
      dd if=/dev/zero bs=4096 count=16 >&9 2>/dev/null
      "$@" -v 2>&9; echo "status $?"
      rm ${node.work}/pipe`;
    const startedAt = Date.now();
    const { stdout } = await inShell(script, ['-p']);
    assert.match(stdout, /status 0\n$/);
    assert.ok(Date.now() - startedAt < 30_000);
    await assertImage();
  });

  test('a reader of standard output that never reads does not keep the program from its end, either', async () => {
    const script = `
      mkfifo ${node.work}/pipe
      exec 9<>${node.work}/pipe
      dd if=/dev/zero bs=4096 count=16 >&9 2>/dev/null
      "$@" --json >&9; echo "status $?"
      rm ${node.work}/pipe`;
    const { stdout } = await inShell(script, []);
    assert.match(stdout, /status 0\n$/);
    await assertImage();
  });

  const environments: readonly Record<string, string>[] = [
    { NO_COLOR: '1' },
    { TERM: 'dumb' },
    { LANG: 'C', LC_ALL: 'C' },
    { LANG: 'xx_YY.nonsense', LC_ALL: 'tr_TR.UTF-8' },
    { TZ: 'Nowhere/Nothing' },
    { TZ: 'Asia/Kathmandu' },
    { TZ: ':/etc/localtime' },
    { COLUMNS: '0', LINES: 'x' },
    { NODE_ENV: 'production', CI: 'true' },
    { FORCE_COLOR: '3' },
  ];
  for (const env of environments) {
    test(`an environment of nothing but ${JSON.stringify(env)}: a backup without colours, and no complaint`, async () => {
      const { status, stdout, stderr } = await inShell('"$@" -v', [], env);
      assert.equal(status, 0, stderr);
      assert.ok(!(stdout + stderr).includes('\u001b'), 'escape sequences were printed');
      assert.match(stdout, /\n\nBackup completed with no errors\.\nImage: /);
      await assertImage();
    });
  }

  test('a working directory that was removed: absolute paths work, relative ones are refused by name', async () => {
    const gone = join(node.work, 'gone');
    await mkdir(gone);
    const script = `cd ${gone} && rmdir ${gone} && "$@"`;
    const absolute = await inShell(script, []);
    assert.equal(absolute.status, 0, absolute.stderr);
    await assertImage();
    await node.clear();
    await mkdir(gone);
    const relative = await inShell(script, ['-image', 'sub/node1.zip']);
    assert.equal(relative.status, 1);
    assert.match(relative.stderr, /\nBackup (?:invalid argument|failed): \S/);
    await assertImage(0);
  });

  test('a clock that goes back during the run: durations are not negative, and progress goes on', async () => {
    const events: BackupEvent[] = [];
    let at = Date.UTC(2026, 9, 25, 1, 30);
    const now = (): Date => new Date((at -= 3_600_000));
    const report = await runBackup({ image: node.image, includeAudits: true }, {
      ...node.host,
      now,
      onEvent: (event: BackupEvent) => events.push(event),
    } as typeof node.host);
    assert.equal(report.status, 'success');
    assert.ok(report.durationMs >= 0, `${report.durationMs}`);
    for (const { component, durationMs } of report.components) assert.ok(durationMs >= 0, component);
    assert.ok(events.some((event) => event.type === 'progress' && event.stage === 'verify'));
    await assertImage();
  });

  test('leap day, the end of a year, and years of five digits have a stamp of fourteen digits', async () => {
    for (const [when, stamp] of [
      [new Date(2024, 1, 29, 23, 59, 59), '20240229235959'],
      [new Date(2026, 11, 31, 23, 59, 59, 999), '20261231235959'],
      [new Date(1970, 0, 2), '19700102000000'],
    ] as const) {
      const host: typeof node.host & { now: () => Date } = { ...node.host, now: () => when };
      const report = await runBackup({ image: node.image, config: true }, host);
      assert.equal(report.image.path, join(node.folder, `${stamp}_node1.zip`));
      await assertImage();
      await node.clear();
    }
  });

  describe('on a terminal', () => {
    before(() => ensure('python'));
    const terminal = fileURLToPath(new URL('../../../test/reliability/on-terminal.py', import.meta.url));

    /** What a terminal of 80 columns gets to see. */
    async function onTerminal(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
      const { stdout } = await run(
        '/usr/bin/python3',
        [terminal, process.execPath, program, ...node.args(...args)],
        {
          env: { PATH: process.env['PATH'] ?? '', TMPDIR: node.work, TERM: 'xterm', ...env },
          timeout: 60_000,
        },
      );
      return stdout;
    }
    const cleared = '\r\u001b[K';

    test('a progress bar is drawn, and cleared before anything else is printed', async () => {
      const text = await onTerminal([]);
      assert.match(text, /\r\u001b\[K(?:maindb|config|verifying) .*(?:KiB|MiB)/);
      for (const part of text.split(cleared).slice(1)) {
        // What follows a clearing is either the next bar, without a line end, or lines of their own.
        if (/^(?:\w+ (?:\[|\d))/.test(part)) assert.ok(!part.includes('\n'), JSON.stringify(part));
      }
      const end = text.slice(text.lastIndexOf(cleared) + cleared.length);
      assert.match(end, /^\r\n(?:.*\r\n)*Backup completed with no errors\.\r\nImage: .*\r\nstatus 0\r?\n$/);
      for (const drawn of text.split(cleared)) {
        const [bar = ''] = drawn.split('\n');
        if (/^\w+ \[/.test(drawn)) assert.ok(bar.length < 80, bar);
      }
      await assertImage();
    });

    test('and with -v each line stands alone', async () => {
      const text = await onTerminal(['-v']);
      const lines = text
        .split('\r\n')
        .map((line) => line.slice(line.lastIndexOf(cleared) + 1).replace('\u001b[K', ''));
      assert.ok(
        lines.some((line) => line.startsWith('maindb: started')),
        text,
      );
      assert.ok(lines.includes('Backup completed with no errors.'));
      await assertImage();
    });

    for (const [args, env] of [
      [['--no-progress'], {}],
      [['--json'], {}],
      [[], { TERM: 'dumb' }],
      [[], { CI: 'true' }],
    ] as const) {
      test(`there is none with ${JSON.stringify([...args, env])}`, async () => {
        const text = await onTerminal(args, env);
        assert.ok(!text.includes('\u001b'), text);
        assert.match(text, /status 0\r?\n$/);
        await assertImage();
      });
    }

    test('nor in a pipe', async () => {
      const { stdout, stderr, status } = await inShell('"$@"', [], { TERM: 'xterm' });
      assert.equal(status, 0);
      assert.ok(!(stdout + stderr).includes('\u001b'));
      await assertImage();
    });

    test('Ctrl-C on the terminal cancels, clears the bar and says so', async () => {
      const text = await onTerminal([], { PRESS_CTRL_C_AT: 'maindb' });
      const end = text.slice(text.lastIndexOf(cleared) + cleared.length);
      assert.match(end, /^\r\nBackup failed: cancelled\r\nstatus 130\r?\n$/);
      assert.deepEqual(await readdir(node.folder), []);
      await assertImage(0);
    });
  });

  test('no variable of ours is read by the library', async () => {
    const dist = fileURLToPath(new URL('.', import.meta.resolve('#dist/index.js')));
    const files = (await readdir(dist, { recursive: true })).filter(
      (name) => name.endsWith('.js') && !name.startsWith('cli/') && !name.startsWith('testing/'),
    );
    for (const name of files)
      assert.ok(!(await readFile(join(dist, name), 'utf8')).includes('process.env'), name);
    await rm(join(node.work, 'pipe'), { force: true });
  });
});
