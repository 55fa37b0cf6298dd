import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { copyFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { runBackup } from 'gateway-backup';
import { ensure } from '../support/prerequisites.js';
import { assertNothingLeft, takeStock, until } from '../support/leak-check.js';
import { assertReadableByAll, imageContents } from '../support/read-image.js';
import { jsonLines } from '../support/ssgbackup.js';
import { assertPrintedTypes } from './printed-types.js';
import { WatchedNode } from './watched-node.js';

// What is printed for programs, what `--plan` and `--verify` do and leave alone, and what a run gives back at its end.

describe('what the program prints for programs', () => {
  let node: WatchedNode;
  before(async () => {
    await ensure('unzip', 'python', 'java');
    node = await WatchedNode.start({ gateway: { appliance: false } });
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
  });
  beforeEach(() => node.clear());

  test('each line of a successful run is a published type, the report is the last one, and the order is that of the run', async () => {
    const result = await node.run(['-ia', '-it', join(node.folder, 'mapping.xml'), '--json']);
    assert.equal(result.status, 0, result.stderr);
    const types = assertPrintedTypes(result.stdout);
    assert.equal(types[0], 'planned');
    assert.deepEqual(types.slice(-2), ['stored', 'report']);
    assert.equal(types.filter((type) => type === 'report').length, 1);
    const started = types.filter((type) => type === 'component-started').length;
    assert.equal(started, 6);
    assert.ok(types.includes('progress'));
    for (const line of jsonLines(result.stdout).filter(({ type }) => type === 'progress')) {
      assert.equal(line['stage'] === 'collect', line['component'] !== undefined);
    }
    await node.check(result, { alsoInFolder: ['mapping.xml'] });
  });

  test('so is each line of a partial run, of a failed one, of a cancelled one, and of bad arguments', async () => {
    const partial = await node.run(['-config', '-os', '--json']);
    assert.equal(partial.status, 2, partial.stderr);
    assertPrintedTypes(partial.stdout);
    await node.check(partial);
    await node.clear();
    const failed = await node.run(['-os', '--json']);
    assert.equal(failed.status, 1, failed.stderr);
    assertPrintedTypes(failed.stdout);
    await node.check(failed);
    const cancelled = await node.run(['-ia', '--json'], {
      onStart: (child) => {
        child.stdout!.once('data', () => child.kill('SIGINT'));
      },
    });
    assert.equal(cancelled.status, 130, cancelled.stderr);
    assertPrintedTypes(cancelled.stdout);
    await node.check(cancelled);
    for (const args of [
      ['--json', '-unknown'],
      ['--json', '-audits'],
      ['--json', '-image', '/nonexistent/folder/node1.zip'],
    ]) {
      const invalid = await node.run(args);
      assert.equal(invalid.status, 1);
      assert.deepEqual(assertPrintedTypes(invalid.stdout), ['report'], args.join(' '));
      await node.check(invalid);
    }
  });

  test('--plan and --plan --json name every component, why, and how big, and change nothing at all', async () => {
    const before = [await readdir(node.folder), await readdir(node.work)];
    const json = await node.run(['--plan', '--json', '-ia']);
    assert.equal(json.status, 0, json.stderr);
    assert.deepEqual(assertPrintedTypes(json.stdout), ['plan']);
    const [plan] = jsonLines(json.stdout) as unknown as [
      { components: { component: string; included: boolean; estimatedBytes?: number }[] },
    ];
    for (const { component, included, estimatedBytes } of plan.components) {
      assert.equal(estimatedBytes !== undefined, included, component);
      if (included) assert.ok(estimatedBytes! > 0, component);
    }
    const text = await node.run(['--plan', '-ia']);
    assert.equal(text.status, 0, text.stderr);
    for (const { component, included } of plan.components) {
      const sign = included ? '\\+' : '-';
      assert.match(
        text.stdout,
        new RegExp(`^${sign} ${component} +\\S.*${included ? 'About \\d+ bytes' : ''}`, 'm'),
      );
    }
    assert.deepEqual([await readdir(node.folder), await readdir(node.work)], before);
    await node.check(json, { images: 0 });
    await node.check(text, { images: 0 });
    assert.deepEqual(
      await readdir(node.gateway.resolve('Gateway/config/backup/logs')).then((names) =>
        names.filter((name) => !name.startsWith('ssgbackup')),
      ),
      [],
    );
  });

  test('a bad plan is refused as the run would be', async () => {
    const refused = await node.run(['--plan', '--json', '-audits']);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /Backup invalid argument: .*-audits/);
    assertPrintedTypes(refused.stdout);
  });

  test('the image is read by unzip, python, Java and yauzl alike; manifest.log is last, and lists the others in order', async () => {
    const result = await node.run(['-ia', '-esm', '--json']);
    assert.equal(result.status, 0, result.stderr);
    const [path] = await node.check(result);
    await assertReadableByAll(path!);
    const contents = await imageContents(path!);
    const names = [...contents.keys()];
    assert.equal(names.at(-1), 'manifest.log');
    assert.equal(contents.get('manifest.log')!.toString(), `${names.slice(0, -1).join('\n')}\n`);
  });

  test('--verify says valid with status 0 of a good image, and names the faults of bad ones with status 1', async () => {
    const made = await node.run(['--json']);
    const [path] = await node.check(made);
    const good = await node.run(['--verify', path!]);
    assert.equal(good.status, 0, good.stderr);
    assert.match(good.stdout, /: valid, \d+ entries, \d+ bytes\n$/);
    const goodJson = await node.run(['--verify', path!, '--json']);
    assert.equal(jsonLines(goodJson.stdout)[0]!['valid'], true);

    const bad = join(node.work, 'bad.zip');
    const damages: readonly (() => Promise<unknown>)[] = [
      () => truncate(bad, 1000),
      async () => {
        const bytes = await readFile(path!);
        bytes[Math.floor(bytes.length / 2)]! ^= 1;
        await writeFile(bad, bytes);
      },
      () => writeFile(bad, ''),
      () => writeFile(bad, 'no zip at all'),
    ];
    for (const damage of damages) {
      await copyFile(path!, bad);
      await damage();
      const result = await node.run(['--verify', bad]);
      assert.equal(result.status, 1, result.stdout);
      assert.match(result.stdout, /: NOT valid, \d+ faults?\n {2}\S/);
      const [line] = jsonLines((await node.run(['--verify', bad, '--json'])).stdout) as unknown as [
        { valid: boolean; faults: { code: string; message: string }[] },
      ];
      assert.equal(line.valid, false);
      assert.ok(
        line.faults.length > 0 && line.faults.every(({ code, message }) => code !== '' && message !== ''),
      );
    }
    const missing = await node.run(['--verify', join(node.work, 'nothing.zip')]);
    assert.equal(missing.status, 1);
    await node.clear();
  });

  describe('a run of the library', () => {
    /** Asserts that nothing of ours is left in the process or on the server, within two seconds. */
    async function leavesNothing(action: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
      const warnings: Error[] = [];
      const onWarning = (warning: Error): void => void warnings.push(warning);
      process.on('warning', onWarning);
      const controller = new AbortController();
      const held = takeStock();
      const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)]);
      try {
        await action(controller.signal);
        await assertNothingLeft(held, { signals: [controller.signal], emptyFolders: [node.work] });
        await until(async () => (await node.sessions()).length === 0, 2000);
        assert.deepEqual(
          process.eventNames().map((name) => [name, process.listenerCount(name)]),
          listeners,
        );
        assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
        const active = process
          .getActiveResourcesInfo()
          .filter((name) => /TCPSocket|FSReq|Timeout/.test(name));
        assert.deepEqual(active, []);
      } finally {
        process.off('warning', onWarning);
      }
      assert.deepEqual(warnings, []);
    }

    test('that succeeds gives everything back: descriptors, sockets, timers, listeners, the session', async () => {
      await leavesNothing((signal) =>
        runBackup({ image: node.image, includeAudits: true }, { ...node.host, signal }),
      );
    });

    test('so does one that fails', async () => {
      const options = { image: node.image, haltOnFirstFailure: true };
      await leavesNothing((signal) =>
        assert.rejects(runBackup(options, { ...node.host, signal, databasePassword: 'canary-wrong' })),
      );
    });

    test('and one that is cancelled', async () => {
      await leavesNothing(async () => {
        const controller = new AbortController();
        const onEvent = ({ type }: { readonly type: string }): void => {
          if (type === 'component-started') controller.abort();
        };
        const { signal } = controller;
        await assert.rejects(runBackup({ image: node.image }, { ...node.host, signal, onEvent }), {
          code: 'CANCELLED',
        });
        assert.equal(getEventListeners(signal, 'abort').length, 0);
      });
    });

    test('and a plan', async () => {
      const { GatewayBackup } = await import('gateway-backup');
      await leavesNothing((signal) => new GatewayBackup(node.host).plan({ image: node.image }, { signal }));
    });
  });
});
