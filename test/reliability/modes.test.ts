import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isBackupError, runBackup } from 'gateway-backup';
import { nobody } from '../support/as-nobody.js';
import { ScriptedFtpServer } from '../support/scripted-ftp-server.js';
import { reportOf, WatchedNode } from './watched-node.js';

// Who may read what a run makes, at every moment, and what a run does to what is there already.

describe('files that a run makes', () => {
  let node: WatchedNode;
  before(async () => {
    node = await WatchedNode.start({ database: { mainMegabytes: 4, auditMegabytes: 4 } });
    // Everybody may look into the folders, so that only the files themselves are protected.
    const { hostRoot } = node.gateway;
    for (const folder of [join(node.folder, '..'), node.folder, node.work, hostRoot])
      await chmod(folder, 0o755);
    for (const name of await readdir(hostRoot, { recursive: true })) {
      const path = join(hostRoot, name);
      if ((await lstat(path)).isDirectory()) await chmod(path, 0o755);
    }
    await node.acceptGatewayFiles();
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
  });
  beforeEach(() => node.clear());

  /** Another user, who tries to open everything in some folders, again and again. */
  async function watch(folders: readonly string[]): Promise<() => Promise<Watched>> {
    const script = fileURLToPath(new URL('watch-folders.js', import.meta.url));
    const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
    const code = await readFile(script, 'utf8');
    const child: ChildProcess = spawn(
      process.execPath,
      // As text: the checkout itself may lie where nobody else may read.
      [
        '--input-type=module',
        '--eval',
        code.replaceAll('process.argv.slice(2)', 'process.argv.slice(1)'),
        ...folders,
      ],
      { ...user, cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] },
    );
    let text = '';
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await once(child.stdout!, 'data');
    return async () => {
      child.stdin!.end();
      await once(child, 'close');
      return JSON.parse(text.split('\n').at(-2) ?? '') as Watched;
    };
  }

  for (const umask of ['000', '077'] as const) {
    test(`are private at every moment under umask ${umask}: image, staged image, log, lock, mapping template`, async () => {
      const backupHome = node.gateway.resolve('Gateway', 'config', 'backup');
      await rm(join(backupHome, 'logs'), { recursive: true });
      const stop = await watch([node.folder, node.work, backupHome, join(backupHome, 'logs')]);
      const template = join(node.folder, 'mapping.xml');
      const result = await node.run(['-ia', '-it', template, '--json'], {
        wrapper: ['sh', '-c', `umask ${umask}; exec "$@"`, 'sh'],
      });
      const { modes, opened, rounds } = await stop();
      assert.equal(result.status, 0, result.stderr);
      assert.ok(rounds > 20, `looked only ${rounds} times`);
      if (process.getuid?.() === 0) assert.deepEqual(opened, []);
      const made = Object.entries(modes).filter(
        ([path]) => !path.endsWith('/images') && !path.endsWith('/cfg'),
      );
      const kinds = [
        /_node1\.zip$/,
        /\.part$/,
        /ssgbackup0\.log$/,
        /\.gateway-backup\.lock$/,
        /mapping\.xml$/,
      ];
      // Nobody may look into the new log folder, so its files are looked at below.
      for (const kind of kinds.filter((each) => !each.source.includes('log$'))) {
        assert.ok(
          made.some(([path]) => kind.test(path)),
          `${kind.source} was seen: ${made.map(([path]) => path).join(' ')}`,
        );
      }
      for (const [path, seen] of made) {
        assert.deepEqual(seen, [path.endsWith('/logs') ? '700' : '600'], path);
      }
      const logs = join(backupHome, 'logs');
      assert.equal(((await lstat(logs)).mode & 0o777).toString(8), '700');
      await node.acceptGatewayFiles();
      await node.check(result, { alsoInFolder: ['mapping.xml'] });
    });

    test(`an image that is kept under umask ${umask} is private, too, and its name is told`, async () => {
      const server = await ScriptedFtpServer.start({
        STOR: (session) => {
          session.reply('553 not allowed');
        },
      });
      try {
        const stop = await watch([node.work]);
        const result = await node.run(
          [
            ...['-config', '-image', 'node1.zip', '--json', '-ftp_host', `127.0.0.1:${server.port}`],
            ...['-ftp_user', 'u', '-ftp_pass', 'canary-ftp'],
          ],
          { wrapper: ['sh', '-c', `umask ${umask}; exec "$@"`, 'sh'] },
        );
        const { modes, opened } = await stop();
        if (process.getuid?.() === 0) assert.deepEqual(opened, []);
        for (const [path, seen] of Object.entries(modes)) assert.deepEqual(seen, ['600'], path);
        assert.equal(result.status, 1, result.stderr);
        const { message, hint } = reportOf(result)!.error!;
        const [kept] = await readdir(node.work);
        assert.ok(message.endsWith(`The image was kept: ${join(node.work, kept!)}`), message);
        assert.ok(hint?.includes(join(node.work, kept!)));
        await node.check(result, { kept: 1 });
      } finally {
        await server.stop();
      }
    });
  }

  test('a name that is taken while the run works is not overwritten', async () => {
    const host = { ...node.host, now: () => new Date(2026, 10, 24, 9, 30, 0) };
    const path = join(node.folder, '20261124093000_node1.zip');
    const taken: Promise<unknown>[] = [];
    await assert.rejects(
      runBackup(
        { image: node.image, config: true },
        {
          ...host,
          onEvent: ({ type }) => {
            if (type === 'component-finished') taken.push(writeFile(path, 'mine'));
          },
        },
      ),
      (error) => {
        assert.ok(isBackupError(error));
        assert.deepEqual([error.code, error.reason], ['SINK_REJECTED', 'name-taken']);
        assert.ok(error.message.includes(path));
        return true;
      },
    );
    assert.ok(taken.length > 0);
    assert.equal(await readFile(path, 'utf8'), 'mine');
    assert.deepEqual(await readdir(node.folder), ['20261124093000_node1.zip']);
    assert.deepEqual(await readdir(node.work), []);
  });

  test('a target folder that is reached by a link is used, and where the link points nothing else is touched', async () => {
    const real = join(node.work, 'real');
    await mkdir(real, { mode: 0o755 });
    await symlink(real, join(node.work, 'link'));
    const report = await runBackup({ image: join(node.work, 'link', 'node1.zip'), config: true }, node.host);
    assert.equal((await readdir(real)).length, 1);
    assert.ok(report.image.path.startsWith(join(node.work, 'link')));
  });
});

interface Watched {
  /** Modes seen, by path. */
  readonly modes: Readonly<Record<string, readonly string[]>>;
  /** Files that could be opened. */
  readonly opened: readonly string[];
  readonly rounds: number;
}
