import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { isBackupError } from 'gateway-backup';
import { PrivateRpm } from 'gateway-backup/testing';
import { extCollector } from '#dist/collectors/ext-collector.js';
import { rpmOwners } from '#dist/collectors/rpm-owner.js';
import { collected, makeFiles, makeMachine, recordingContext, temporaryFolder } from './collecting.js';

const ext = 'SSG/Gateway/runtime/lib/ext';
const signal = new AbortController().signal;

/** A program that stands in for an rpm that misbehaves. */
function script(test: TestContext, text: string): string {
  const program = join(temporaryFolder(test), 'rpm');
  writeFileSync(program, `#!/bin/sh\n${text}\n`);
  chmodSync(program, 0o755);
  return program;
}

describe('the component ext', { timeout: 120_000 }, () => {
  it('takes everything but JMS libraries of the gateway’s own packages', async (test) => {
    const machine = makeMachine(test, {
      [`${ext}/jdbc.jar`]: 'jdbc',
      [`${ext}/jms-gateway.jar`]: 'vendor',
      [`${ext}/jms-other.jar`]: 'other package',
      [`${ext}/jms-own.jar`]: 'nobody',
      [`${ext}/JMS-gateway.jar`]: 'upper case',
      [`${ext}/my-jms.jar`]: 'owned, but not named so',
      [`${ext}/sub/jms-deep.jar`]: 'vendor',
      [`${ext}/sub/client.properties`]: 'client',
      [`${ext}/jms/readme`]: 'only its folder is named so',
    });
    const at = (name: string): string => join(machine.gatewayRoot, ext.slice(4), name);
    await using rpm = await PrivateRpm.create([
      {
        name: 'ssg-jms',
        files: ['jms-gateway.jar', 'sub/jms-deep.jar', 'my-jms.jar', 'JMS-gateway.jar', 'jms/readme'].map(at),
      },
      { name: 'jms-ssg', files: [at('jms-other.jar')] },
    ]);
    const context = recordingContext(machine);
    const collector = extCollector({ rpmProgram: rpm.program });
    assert.deepEqual(await collected(collector.collect(context)), {
      'JMS-gateway.jar': 'upper case',
      'jdbc.jar': 'jdbc',
      'jms-other.jar': 'other package',
      'jms-own.jar': 'nobody',
      'jms/readme': 'only its folder is named so',
      'my-jms.jar': 'owned, but not named so',
      'sub/client.properties': 'client',
    });
    assert.deepEqual(context.warnings, []);
    assert.ok((await collector.estimate!(context)) > 50);
  });

  it('finds the gateway’s own libraries among thousands of files, with few questions', async (test) => {
    const machine = makeMachine(test);
    const at = (name: string): string => join(machine.gatewayRoot, ext.slice(4), name);
    const files: Record<string, string> = { 'jms-a.jar': 'vendor', 'sub/z/jms-z.jar': 'vendor' };
    for (let index = 0; index < 1500; index++)
      files[`${index % 3 === 0 ? 'sub/' : ''}lib-${index}.jar`] = 'own';
    makeFiles(at(''), files);
    await using rpm = await PrivateRpm.create([
      { name: 'ssg-jms', files: ['jms-a.jar', 'sub/z/jms-z.jar'].map(at) },
    ]);
    const rpmProgram = script(test, `echo >>"$0.count"; exec '${rpm.program}' "$@"`);
    const entries = await collected(extCollector({ rpmProgram }).collect(recordingContext(machine)));
    const own = Object.keys(files).filter((name) => files[name] === 'own');
    // In the order of the bytes of their paths, whichever were asked about together.
    assert.deepEqual(Object.keys(entries), own.sort());
    assert.equal(readFileSync(`${rpmProgram}.count`).length, 2);
  });

  it('takes everything where there is no rpm, and does not ask where nothing is named so', async (test) => {
    const machine = makeMachine(test, { [`${ext}/jms.jar`]: 'jms' });
    const without = extCollector({ rpmProgram: '/nowhere/rpm' });
    assert.deepEqual(await collected(without.collect(recordingContext(machine))), { 'jms.jar': 'jms' });
    const other = makeMachine(test, { [`${ext}/other.jar`]: 'other' });
    const failing = extCollector({ rpmProgram: script(test, 'exit 9') });
    assert.deepEqual(await collected(failing.collect(recordingContext(other))), { 'other.jar': 'other' });
    await assert.rejects(collected(failing.collect(recordingContext(machine))), {
      code: 'SOURCE_UNREADABLE',
    });
  });
});

describe('asking rpm for owners', { timeout: 120_000 }, () => {
  const oddNames = [
    'jms plain.jar',
    'jms"quote\'.jar',
    'jms$(touch hacked)`touch hacked`;touch hacked.jar',
    'jms\nssg-fake.jar',
    'jms\nfile x is not owned by any package',
    'jms\\n%{NAME}.jar',
    'jms*?[a].jar',
    `jms${'x'.repeat(248)}.jar`,
    'jmsü.jar',
  ];

  it('knows owned and unowned files by whatever name, also two owners of one file', async (test) => {
    const folder = temporaryFolder(test);
    const odd = oddNames.map((name) => join(folder, name));
    const owned = ['a', 'b', 'c'].map((name) => join(folder, `jms ${name}.jar`));
    for (const path of [...odd, ...owned]) writeFileSync(path, '');
    await using rpm = await PrivateRpm.create([
      { name: 'ssg-one', files: owned },
      { name: 'two', files: [owned[1]!] },
    ]);
    const paths = [owned[0]!, ...odd, owned[1]!, join(folder, 'jms-vanished.jar'), '/-qa', owned[2]!];
    const owners = await rpmOwners(paths, { program: rpm.program, signal });
    assert.deepEqual(
      [...owners].map(([path, packages]) => [path, [...packages].sort()]),
      [
        [owned[0], ['ssg-one']],
        [owned[1], ['ssg-one', 'two']],
        [owned[2], ['ssg-one']],
      ],
    );
    assert.equal(existsSync(join(folder, 'hacked')), false);
  });

  it('is not misled by as many lines as paths when one path has two lines and another has none', async (test) => {
    const [a, gone] = ['jms-a.jar', 'jms-gone.jar'].map((name) => join(temporaryFolder(test), name));
    writeFileSync(a!, '');
    await using rpm = await PrivateRpm.create([
      { name: 'other', files: [a!] },
      { name: 'ssg', files: [a!] },
    ]);
    const owners = await rpmOwners([a!, gone!], { program: rpm.program, signal });
    assert.deepEqual([...owners.keys()], [a]);
    assert.deepEqual([...owners.get(a!)!].sort(), ['other', 'ssg']);
  });

  it('asks for 10,000 paths in batches, and not one by one', async (test) => {
    const folder = temporaryFolder(test);
    const paths = Array.from({ length: 10_000 }, (_, index) => join(folder, `jms-${index}.jar`));
    for (const path of paths) writeFileSync(path, '');
    const owned = [paths[0]!, paths[5000]!, paths[9999]!];
    await using rpm = await PrivateRpm.create([{ name: 'ssg', files: owned }]);
    const counting = script(test, `echo >>"$0.count"; exec '${rpm.program}' "$@"`);
    const startedMs = Date.now();
    const owners = await rpmOwners(paths, { program: counting, signal });
    test.diagnostic(`${Date.now() - startedMs} ms`);
    assert.deepEqual([...owners.keys()], owned);
    const calls = readFileSync(`${counting}.count`).length;
    assert.ok(calls <= 20, `${calls} calls`);
  });

  const failing: Readonly<Record<string, { readonly text: string; readonly says: RegExp }>> = {
    'ends with an error': {
      text: 'echo "error: database is locked" >&2; exit 1',
      says: /exit code 1 and said: error: database is locked$/,
    },
    'says nothing': { text: 'exit 0', says: /exit code 0 and said nothing$/ },
    'fails without a word': { text: 'exit 3', says: /exit code 3 and said nothing$/ },
    'says something else': {
      text: 'printf "\\033[31mssg; rm -rf /\\n"',
      says: /and said: %1B\[31mssg; rm -rf \/$/,
    },
    'names an owner and fails': { text: 'echo ssg; exit 1', says: /exit code 1 and said: ssg$/ },
    'is killed': { text: 'kill -9 $$', says: /it was killed and said nothing$/ },
    'cannot be started': { text: '', says: /EACCES/ },
    'says far too much': { text: 'exec yes', says: /it said far too much$/ },
    hangs: { text: 'sleep 1000', says: /it gave no answer in time$/ },
    'hangs, and ignores being asked to stop': {
      text: 'trap "" TERM INT HUP; sleep 1000 & wait; sleep 1000',
      says: /no answer in time$/,
    },
  };
  for (const [behaviour, { text, says }] of Object.entries(failing)) {
    it(`fails when it ${behaviour}`, async (test) => {
      const program = script(test, text);
      if (text === '') chmodSync(program, 0o644);
      const path = join(temporaryFolder(test), 'jms.jar');
      writeFileSync(path, '');
      const limited = behaviour.includes('hangs') ? { timeoutMs: 500 } : {};
      const startedMs = Date.now();
      await assert.rejects(rpmOwners([path], { program, signal, ...limited }), (error) => {
        assert.ok(isBackupError(error));
        assert.deepEqual([error.code, error.reason], ['SOURCE_UNREADABLE', 'rpm-failed']);
        assert.match(error.message, says);
        return true;
      });
      assert.ok(Date.now() - startedMs < 10_000);
    });
  }

  it('ends at once when it is cancelled, with all that it started', async (test) => {
    const program = script(test, 'sleep 1000 & echo $! >"$0.pid"; wait');
    const abort = new AbortController();
    const asked = rpmOwners(['/jms.jar'], { program, signal: abort.signal });
    while (!existsSync(`${program}.pid`) || readFileSync(`${program}.pid`).length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    abort.abort('enough');
    await assert.rejects(asked, { code: 'CANCELLED', cause: 'enough' });
    const pid = Number(readFileSync(`${program}.pid`, 'utf8'));
    const isGone = (): boolean => {
      try {
        return /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
      } catch {
        return true;
      }
    };
    while (!isGone()) await new Promise((resolve) => setImmediate(resolve));
    await assert.rejects(rpmOwners(['/jms.jar'], { program, signal: abort.signal }), { code: 'CANCELLED' });
  });

  it('gives it none of our environment', async (test) => {
    process.env['GATEWAY_BACKUP_TEST_CANARY'] = 'canary';
    const program = script(test, 'env >"$0.env"; exit 1');
    await assert.rejects(rpmOwners(['/etc/passwd'], { program, signal }));
    delete process.env['GATEWAY_BACKUP_TEST_CANARY'];
    const env = readFileSync(`${program}.env`, 'utf8');
    assert.match(env, /^LC_ALL=C$/m);
    assert.doesNotMatch(env, /canary/);
  });
});
