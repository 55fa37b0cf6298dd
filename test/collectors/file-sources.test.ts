import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isBackupError } from 'gateway-backup';
import { asNobody } from '../support/as-nobody.js';
import {
  collected,
  contentOf,
  makeImage,
  makeFiles,
  makeMachine,
  openDescriptors,
  pathsOf,
  readImages,
  recordingContext,
} from './collecting.js';

describe('the files of a folder', { timeout: 60_000 }, () => {
  it('come sorted by the bytes of their whole paths', async (test) => {
    const machine = makeMachine(test, {
      'SSG/d/a/x': '',
      'SSG/d/a-b': '',
      'SSG/d/a0': '',
      'SSG/d/B': '',
      'SSG/d/a.': '',
      'SSG/d/é': '',
      'SSG/d/a/x/../y': '',
    });
    const paths = await pathsOf(recordingContext(machine).files(join(machine.gatewayRoot, 'd')));
    assert.deepEqual(paths, ['B', 'a-b', 'a.', 'a/x', 'a/y', 'a0', 'é']);
  });

  it('carry mode, owner, time and expected size', async (test) => {
    const machine = makeMachine(test, { 'SSG/d/file': '12345' });
    const file = join(machine.gatewayRoot, 'd/file');
    chmodSync(file, 0o640);
    execFileSync('touch', ['-d', '2020-02-29T12:00:00Z', file]);
    const entry = await recordingContext(machine).file(file, 'renamed');
    assert.deepEqual(
      [entry?.path, entry?.mode, entry?.bytes, entry?.modifiedAt?.toISOString(), entry?.owner],
      ['renamed', 0o640, 5, '2020-02-29T12:00:00.000Z', { uid: process.getuid!(), gid: process.getgid!() }],
    );
  });

  it('can be chosen, sub-folders left out or not, and put under a prefix', async (test) => {
    const machine = makeMachine(test, {
      'SSG/d/a.jar': '',
      'SSG/d/b.txt': '',
      'SSG/d/no/c.jar': '',
      'SSG/d/yes/d.jar': '',
    });
    const { files } = recordingContext(machine);
    const folder = join(machine.gatewayRoot, 'd');
    const asked: string[] = [];
    const include = (path: string, kind: 'file' | 'directory'): boolean => {
      asked.push(`${kind} ${path}`);
      return path.endsWith('.jar') || path === 'yes';
    };
    assert.deepEqual(await pathsOf(files(folder, { include, prefix: 'p/q' })), [
      'p/q/a.jar',
      'p/q/yes/d.jar',
    ]);
    assert.deepEqual(asked, ['file a.jar', 'file b.txt', 'directory no', 'directory yes', 'file yes/d.jar']);
    assert.deepEqual(await pathsOf(files(folder, { recursive: false, include })), ['a.jar']);
  });

  it('are cancelled by the signal, between two files and inside one', async (test) => {
    const machine = makeMachine(test, { 'SSG/d/a': Buffer.alloc(3_000_000), 'SSG/d/b': '' });
    const abort = new AbortController();
    const context = recordingContext(machine, { signal: abort.signal });
    const before = openDescriptors();
    await assert.rejects(
      async () => {
        for await (const entry of context.files(join(machine.gatewayRoot, 'd'))) {
          const content = (await entry.open())!;
          await assert.rejects(
            async () => {
              for await (const chunk of content) abort.abort((chunk as Uint8Array).length);
            },
            (error) => isBackupError(error) && error.code === 'CANCELLED',
          );
        }
      },
      (error) => isBackupError(error) && error.code === 'CANCELLED' && error.cause === 1024 * 1024,
    );
    assert.equal(openDescriptors(), before);
    await assert.rejects(pathsOf(context.files(machine.gatewayRoot)), { code: 'CANCELLED' });
    await assert.rejects(context.file(join(machine.gatewayRoot, 'd/b'), 'b'), { code: 'CANCELLED' });
  });

  it('are closed when a stream is left early, even before it begins', async (test) => {
    const machine = makeMachine(test, { 'SSG/d/a': Buffer.alloc(3_000_000) });
    const before = openDescriptors();
    for (const steps of [0, 1, 10]) {
      const entry = (await recordingContext(machine).file(join(machine.gatewayRoot, 'd/a'), 'a'))!;
      const content = (await entry.open())![Symbol.asyncIterator]();
      for (let step = 0; step < steps; step++) await content.next();
      await content.return!();
      assert.equal((await content.next()).done, true);
    }
    assert.equal(openDescriptors(), before);
  });
});

describe('what is not a regular file', { timeout: 60_000 }, () => {
  it('is left out with a warning that says what it is; nothing blocks and nothing is followed out', async (test) => {
    const machine = makeMachine(test, {
      'SSG/d/good': 'good',
      'SSG/d/folder.jar/inner': 'inner',
      'outside/secret': 'secret',
    });
    const folder = join(machine.gatewayRoot, 'd');
    const at = (name: string): string => join(folder, name);
    execFileSync('mkfifo', [at('pipe')]);
    const server = createServer().listen(at('socket'));
    await once(server, 'listening');
    if (process.getuid?.() === 0) execFileSync('mknod', [at('device'), 'c', '1', '5']);
    symlinkSync('loop-b', at('loop-a'));
    symlinkSync('loop-a', at('loop-b'));
    symlinkSync('nowhere', at('dangling'));
    symlinkSync('/etc/shadow', at('shadow'));
    symlinkSync(join(machine.hostRoot, 'outside'), at('outside'));
    symlinkSync('../../../outside/secret', at('relative'));
    symlinkSync('folder.jar', at('to-folder'));
    symlinkSync('pipe', at('to-pipe'));
    symlinkSync('good', at('to-good'));
    const context = recordingContext(machine);
    const { file } = await makeImage(machine.hostRoot, context.files(folder));
    const [contents] = readImages([file]);
    server.close();
    assert.deepEqual(Object.keys(contents!), ['folder.jar/inner', 'good', 'to-good']);
    assert.equal(contents!['to-good']!.toString(), 'good');
    const out = `it is a link that leads out of ${machine.gatewayRoot}`;
    const expected = [
      ['dangling', 'it is a link to nothing'],
      ...(process.getuid?.() === 0 ? [['device', 'it is a device']] : []),
      ['loop-a', 'it is a link that leads round in a circle'],
      ['loop-b', 'it is a link that leads round in a circle'],
      ['outside', out],
      ['pipe', 'it is a named pipe'],
      ['relative', out],
      ['shadow', out],
      ['socket', 'it is a socket'],
      ['to-folder', 'it is a link to a folder'],
      ['to-pipe', 'it is a link, and behind it it is a named pipe'],
    ].map(([name, reason]) => ({ path: at(name!), reason: reason! }));
    assert.deepEqual(context.annotations, { skippedFiles: expected });
    assert.deepEqual(
      context.warnings,
      expected.map(({ path, reason }) => `${path} was left out: ${reason}.`),
    );
  });

  it('is also left out when it took the place of a file after the listing', async (test) => {
    const machine = makeMachine(test, { outside: 'secret' });
    const path = join(machine.gatewayRoot, 'file');
    const replacements: Readonly<Record<string, () => void>> = {
      'it is a named pipe': () => execFileSync('mkfifo', [path]),
      'it is a folder': () => {
        mkdirSync(path);
      },
      [`it is a link that leads out of ${machine.gatewayRoot}`]: () => {
        symlinkSync('../../outside', path);
      },
      'it is a link to nothing': () => {
        symlinkSync('nowhere', path);
      },
    };
    const before = openDescriptors();
    for (const [reason, replace] of Object.entries(replacements)) {
      for (const way of ['whole', 'stream'] as const) {
        writeFileSync(path, 'file');
        const context = recordingContext(machine);
        const entry = await context.file(path, 'file');
        rmSync(path);
        replace();
        assert.equal(await contentOf(entry!, way), undefined);
        assert.deepEqual(context.warnings, [`${path} was left out: ${reason}.`]);
        rmSync(path, { recursive: true });
      }
    }
    assert.equal(openDescriptors(), before);
  });

  it('is left out when it was asked for by its name, and nothing at all is no entry', async (test) => {
    const machine = makeMachine(test, { 'etc/hosts': 'hosts' });
    const host = recordingContext({ gatewayRoot: machine.gatewayRoot, hostRoot: '/' });
    assert.equal(await host.file('/dev/null', 'null'), undefined);
    assert.deepEqual(host.warnings, ['/dev/null was left out: it is a device.']);
    const context = recordingContext(machine);
    for (const path of ['nothing', 'nothing/at/all', 'etc/hosts/below']) {
      assert.equal(await context.file(join(machine.hostRoot, path), 'x'), undefined);
    }
    assert.deepEqual(context.warnings, []);
  });

  it('is refused as a whole folder that leads out of the gateway', async (test) => {
    const machine = makeMachine(test, { 'outside/secret': 'secret' });
    symlinkSync(join(machine.hostRoot, 'outside'), join(machine.gatewayRoot, 'd'));
    await assert.rejects(
      collected(recordingContext(machine).files(join(machine.gatewayRoot, 'd'))),
      (error) =>
        isBackupError(error) && error.code === 'SOURCE_UNREADABLE' && error.reason === 'outside-root',
    );
  });

  it('does not keep a gateway from lying behind a link itself', async (test) => {
    const machine = makeMachine(test, { 'real/d/file': 'file' });
    rmSync(machine.gatewayRoot, { recursive: true });
    symlinkSync(join(machine.hostRoot, 'real'), machine.gatewayRoot);
    symlinkSync('d', join(machine.gatewayRoot, 'link'));
    const { files } = recordingContext(machine);
    assert.deepEqual(await collected(files(join(machine.gatewayRoot, 'd'))), { file: 'file' });
    assert.deepEqual(await collected(files(join(machine.gatewayRoot, 'link')), 'stream'), { file: 'file' });
  });
});

describe('a file that cannot be read', { timeout: 60_000 }, () => {
  const denied = (path: string) => (error: unknown) =>
    isBackupError(error) &&
    error.code === 'SOURCE_UNREADABLE' &&
    error.reason === 'access-denied' &&
    error.message === `${path} could not be read: EACCES`;

  it('fails, and so does a folder; the message names path and error', async (test) => {
    const machine = makeMachine(test);
    chmodSync(machine.hostRoot, 0o755);
    makeFiles(machine.gatewayRoot, { 'd/file': 'x', 'closed/file': 'x' });
    const [file, closed] = [join(machine.gatewayRoot, 'd/file'), join(machine.gatewayRoot, 'closed')];
    const { files } = recordingContext(machine);
    chmodSync(file, 0);
    chmodSync(closed, 0);
    await asNobody(async () => {
      for (const way of ['whole', 'stream'] as const) {
        await assert.rejects(collected(files(join(file, '..')), way), denied(file));
      }
      await assert.rejects(collected(files(closed)), denied(closed));
      await assert.rejects(collected(files(machine.gatewayRoot)), denied(closed));
    });
    chmodSync(closed, 0o755);
  });

  it('fails when it breaks while it is read', async () => {
    const before = openDescriptors();
    const { file } = recordingContext({ gatewayRoot: '/nowhere', hostRoot: '/' });
    const entry = await file('/proc/self/mem', 'mem');
    await assert.rejects(contentOf(entry!), /^BackupError: \/proc\/self\/mem could not be read: EIO$/);
    assert.equal(openDescriptors(), before);
  });

  it('that the system makes up while it is read is taken whole', async () => {
    const { file, warnings } = recordingContext({ gatewayRoot: '/nowhere', hostRoot: '/' });
    const entry = await file('/proc/kallsyms', 'kallsyms');
    assert.ok((await contentOf(entry!))!.length > 100_000);
    assert.deepEqual(warnings, []);
  });
});
