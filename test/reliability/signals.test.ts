import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../support/leak-check.js';
import { ensure } from '../support/prerequisites.js';
import { ScriptedFtpServer } from '../support/scripted-ftp-server.js';
import { rounds } from '../support/soak.js';
import type { ProgramResult } from '../support/ssgbackup.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { traceable, WatchedNode } from './watched-node.js';

// Signals strike a run in each of its phases. What is promised: the first one cancels cleanly and at once, the second one
// ends the process at once, and whatever was left lies under a name that the next run clears.

const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof statuses;
const signals = Object.keys(statuses) as Signal[];

/** The promise is one second; this is the time after which a run counts as hanging on a machine that is busy. */
const hangsMs = 5000;

interface Phase {
  readonly name: string;
  /** Waits until the run is in this phase. */
  readonly reached: (child: ChildProcess) => Promise<unknown>;
  readonly args?: readonly string[];
  /** Starts it under a tracer that slows it down. */
  readonly wrapper?: ((node: WatchedNode) => string[]) | undefined;
  /** What was begun cannot be taken back: a whole image and success are an answer, too. */
  readonly mayComplete?: true;
}

/** Waits for a line on standard output. */
async function line(child: ChildProcess, pattern: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on('data', (chunk: string) => {
      text += chunk;
      if (pattern.test(text)) resolve();
    });
    child.once('close', () => {
      reject(new Error(`the run ended before ${pattern.source}: ${text}`));
    });
  });
}

const slow = (call: string, microseconds: number): Phase['wrapper'] => {
  return (node) => [
    ...['/usr/bin/strace', '-f', '-qq', '-o', '/dev/null', '--seccomp-bpf', '-P', node.predictablePart()],
    ...['-e', `trace=${call}`, '-e', `inject=${call}:delay_enter=${microseconds}`],
  ];
};

const phases: readonly Phase[] = [
  {
    name: 'the dump of the main database',
    reached: (child) => line(child, /"stage":"collect","component":"maindb"/),
  },
  {
    name: 'the dump of the audits',
    reached: (child) => line(child, /"stage":"collect","component":"audits"/),
  },
  { name: 'the files', reached: (child) => line(child, /"component-started","component":"ma"/) },
  {
    name: 'the verification',
    reached: (child) => line(child, /"stage":"verify"/),
    wrapper: slow('pread64', 100_000),
  },
  {
    name: 'the rename of a local image',
    reached: async (child) => {
      await line(child, /"component-finished".*"component":"ext"/);
      await delay(150);
    },
    wrapper: slow('rename', 600_000),
    mayComplete: true,
  },
];

describe('signals', () => {
  let node: WatchedNode;
  before(async () => {
    await ensure('strace');
    node = await WatchedNode.start({ database: { mainMegabytes: 12, auditMegabytes: 12 } });
    const modules = node.gateway.resolve('Gateway', 'runtime', 'modules', 'assertions');
    for (let index = 0; index < 20; index += 1) {
      await writeFile(join(modules, `Large-${index}.aar`), randomBytes(2_000_000));
    }
    await node.acceptGatewayFiles();
  });
  after(async () => {
    console.log(`signals: the slowest clean end took ${slowestMs} ms`);
    await node[Symbol.asyncDispose]();
  });
  beforeEach(() => node.clear());

  /** Runs until the phase is reached, does something to the process, and says how long it then took to end. */
  async function interrupt(
    { reached, args = [], wrapper }: Phase,
    strike: (pid: number) => unknown,
  ): Promise<ProgramResult & { readonly ms: number }> {
    let struckAt = 0;
    let struck: Promise<void> | undefined;
    const result = await node.run(['-ia', '--json', ...args], {
      env: wrapper === undefined ? undefined : traceable,
      wrapper: wrapper?.(node),
      onStart: (child) => {
        child.stdout!.setEncoding('utf8');
        struck = reached(child).then(async () => {
          const pid = wrapper === undefined ? child.pid! : await tracedPid(child.pid!);
          struckAt = Date.now();
          await strike(pid);
        });
        struck.catch(() => child.kill('SIGKILL'));
      },
    });
    await struck;
    return { ...result, ms: Date.now() - struckAt };
  }

  let slowestMs = 0;
  for (const phase of Array.from({ length: rounds(1, 10) }, () => phases).flat()) {
    for (const signal of signals) {
      test(`${signal} during ${phase.name} cancels cleanly with status ${statuses[signal]}`, async () => {
        const result = await interrupt(phase, (pid) => process.kill(pid, signal));
        slowestMs = Math.max(slowestMs, result.ms);
        assert.ok(result.ms < hangsMs, `took ${result.ms} ms`);
        const completed = phase.mayComplete === true && result.status === 0;
        if (!completed) {
          assert.equal(result.status, statuses[signal], result.stderr);
          assert.match(result.stderr, /\nBackup failed: cancelled\n$/);
        }
        await node.check(result);
      });
    }
  }

  for (const phase of phases.slice(0, 4)) {
    test(`two signals in a row during ${phase.name} end the process, and leave nothing at the final name`, async () => {
      const result = await interrupt(phase, (pid) => {
        process.kill(pid, 'SIGTERM');
        process.kill(pid, 'SIGINT');
      });
      assert.ok(result.ms < hangsMs, `took ${result.ms} ms`);
      assert.ok([130, 143].includes(shellStatus(result)), result.stderr);
      await node.check(result, { killed: true, images: 0 });
      // The next run clears what the second signal left no time for.
      const next = await node.run(['-config', '--json']);
      assert.equal(next.status, 0, next.stderr);
      await node.check(next);
    });
  }

  test('a signal cancels a run whose database has gone silent', async () => {
    await using proxy = await TcpProxy.start(
      { host: node.server.host, port: node.server.port },
      { toClient: { afterBytes: 3_000_000, then: 'stall' } },
    );
    const { gateway } = node;
    const properties = gateway.resolve('Gateway', 'node', 'default', 'etc', 'conf', 'node.properties');
    const { readFile, utimes, stat } = await import('node:fs/promises');
    const before = { text: await readFile(properties, 'utf8'), times: await stat(properties) };
    await writeFile(properties, before.text.replace(/\.port = \d+/, `.port = ${proxy.port}`));
    try {
      const result = await interrupt(
        {
          name: 'silence',
          reached: async (child) => {
            await line(child, /"stage":"collect","component":"maindb"/);
            await delay(1000);
          },
        },
        (pid) => process.kill(pid, 'SIGINT'),
      );
      assert.ok(result.ms < hangsMs, `took ${result.ms} ms`);
      assert.equal(result.status, 130, result.stderr);
      proxy.cut();
      await writeFile(properties, before.text);
      await utimes(properties, before.times.atime, before.times.mtime);
      await node.acceptGatewayFiles();
      await node.check(result);
    } finally {
      await writeFile(properties, before.text);
      await node.acceptGatewayFiles();
    }
  });

  describe('during an upload', () => {
    let server: ScriptedFtpServer;
    before(async () => {
      server = await ScriptedFtpServer.start();
    });
    after(async () => {
      await server.stop();
    });
    beforeEach(() => {
      server.files.clear();
      // Takes a piece every 5 ms, so that the upload lasts for seconds.
      server.script = { data: () => delay(5) };
    });

    const upload = (): Phase => ({
      name: 'an upload',
      args: [
        ...['-image', 'node1.zip', '-ftp_host', `127.0.0.1:${server.port}`],
        ...['-ftp_user', 'u', '-ftp_pass', 'canary-ftp'],
      ],
      reached: (child) => line(child, /"stage":"store"/),
    });

    for (const signal of signals) {
      test(`${signal} cancels it, and nothing is left on either side`, async () => {
        const result = await interrupt(upload(), (pid) => process.kill(pid, signal));
        assert.ok(result.ms < hangsMs, `took ${result.ms} ms`);
        slowestMs = Math.max(slowestMs, result.ms);
        assert.equal(result.status, statuses[signal], result.stderr);
        assert.equal(await server.openSockets(), 0);
        await until(() => server.files.size === 0);
        await node.check(result);
      });

      test(`a second ${signal} ends a run at once whose clean-up waits for the server`, async () => {
        const asked = new Promise<void>((resolve) => {
          // The server is to remove what was uploaded, and never answers.
          server.script = {
            ...server.script,
            DELE: () => {
              resolve();
            },
          };
        });
        const result = await interrupt(upload(), async (pid) => {
          process.kill(pid, 'SIGTERM');
          await asked;
          process.kill(pid, signal);
        });
        assert.equal(result.signal, signal, `${result.status}: ${result.stderr}`);
        assert.equal(shellStatus(result), statuses[signal]);
        await node.check(result, { killed: true, images: 0 });
        const next = await node.run(['-config', '--json']);
        await node.check(next);
      });
    }
  });
});

/** The status as a shell shows it: a process that a signal has ended has 128 and its number. */
function shellStatus({ status, signal }: ProgramResult): number {
  return status ?? statuses[signal as Signal];
}

/** The program below a tracer: its only child. */
async function tracedPid(tracer: number): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const children = await readFile(`/proc/${tracer}/task/${tracer}/children`, 'utf8');
  return Number(children.trim().split(' ')[0]);
}
