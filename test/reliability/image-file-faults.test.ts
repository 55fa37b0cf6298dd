import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ensure } from '../support/prerequisites.js';
import { isSoak } from '../support/soak.js';
import type { ProgramResult } from '../support/ssgbackup.js';
import { traceable, reportOf, WatchedNode } from './watched-node.js';

// The disk fails at a chosen operation on a chosen file, by a tracer that answers system calls in the kernel's stead.

const errors = ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EACCES'] as const;

/** Which system calls an operation is, on which file, and what the message calls it. */
interface Operation {
  readonly what: string;
  readonly calls: string;
  /** The n-th of these calls, `3+` for it and all later ones. */
  readonly when: string;
  readonly file: (node: WatchedNode) => string;
  readonly said: RegExp;
}

const part = (node: WatchedNode): string => node.predictablePart();

const operations: readonly Operation[] = [
  { what: 'create', calls: 'openat', when: '1', file: part, said: /create/ },
  { what: 'the first write', calls: 'pwrite64,write', when: '1+', file: part, said: /write/ },
  { what: 'the third write', calls: 'pwrite64,write', when: '3', file: part, said: /write/ },
  { what: 'fsync', calls: 'fsync,fdatasync', when: '1', file: part, said: /fsync/ },
  { what: 'close', calls: 'close', when: '1', file: part, said: /close/ },
  { what: 'rename', calls: 'rename,renameat,renameat2', when: '1', file: part, said: /rename/ },
  {
    what: 'sync of the folder',
    calls: 'fsync',
    when: '1',
    file: ({ folder }) => folder,
    said: /sync the folder/,
  },
];

const faultAt = (file: string, calls: string, error: string, when = '1'): string[] => [
  ...['/usr/bin/strace', '-f', '-qq', '-o', '/dev/null', '--seccomp-bpf', '-P', file],
  ...['-e', `trace=${calls}`, '-e', `inject=${calls}:error=${error}:when=${when}`],
];

describe('a disk that fails', () => {
  let node: WatchedNode;
  before(async () => {
    await ensure('strace');
    node = await WatchedNode.start({ database: false });
    // So much that cannot be compressed that the image takes several writes.
    const modules = node.gateway.resolve('Gateway', 'runtime', 'modules', 'assertions');
    await writeFile(join(modules, 'Large.aar'), randomBytes(6_000_000));
    await node.acceptGatewayFiles();
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
  });
  beforeEach(() => node.clear());

  const inject = (
    { calls, when, file }: Omit<Operation, 'what' | 'said'>,
    error: string,
  ): Promise<ProgramResult> =>
    node.run(['-ma', '-config', '--json'], {
      env: traceable,
      wrapper: faultAt(file(node), calls, error, when),
    });

  for (const operation of operations) {
    for (const error of errors) {
      test(`${error} at ${operation.what}: no image, nothing left, and the message says which file, what and why`, async () => {
        const result = await inject(operation, error);
        assert.equal(result.status, 1, result.stderr);
        const message = reportOf(result)?.error?.message ?? '';
        assert.ok(message.includes(operation.file(node)), `the path in: ${message}`);
        assert.match(message, operation.said);
        assert.ok(message.includes(error), `${error} in: ${message}`);
        assert.ok(result.stderr.includes(`\nBackup failed: ${message}`), result.stderr);
        await node.check(result);
      });
    }
  }

  test('without an injected error the same run, traced, makes an image', async () => {
    const result = await inject({ calls: 'mkdirat', when: '1', file: part }, 'EIO');
    assert.equal(result.status, 0, result.stderr);
    await node.check(result);
  });

  for (const [what, calls] of [
    ['created', 'openat'],
    ['written', 'write'],
    ['closed', 'close'],
  ] as const) {
    test(`a lock that cannot be ${what}: the run is refused, and the message names the file and why`, async () => {
      const lock = node.gateway.resolve('Gateway', 'config', 'backup', '.gateway-backup.lock');
      const result = await node.run(['-config', '--json'], { wrapper: faultAt(lock, calls, 'ENOSPC') });
      assert.equal(result.status, 1, result.stderr);
      assert.match(result.stderr, /Backup failed: The lock .*gateway-backup\.lock cannot be created: ENOSPC/);
      await node.check(result);
    });
  }

  test('a log that cannot be opened is told on standard error, and the run goes on', async () => {
    const log = node.gateway.resolve('Gateway', 'config', 'backup', 'logs', 'ssgbackup0.log');
    const result = await node.run(['-config'], { wrapper: faultAt(log, 'openat', 'EROFS') });
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stderr, /^The log folder .*logs cannot be written to: EROFS/m);
    await node.check(result);
  });

  test('a log that cannot be written any more is given up, and the run goes on', async () => {
    const log = node.gateway.resolve('Gateway', 'config', 'backup', 'logs', 'ssgbackup0.log');
    const result = await node.run(['-config'], { wrapper: faultAt(log, 'write', 'ENOSPC', '2+') });
    assert.equal(result.status, 0, result.stderr);
    await node.check(result);
  });
});

describe('a disk that fails under the mapping template', () => {
  let node: WatchedNode;
  before(async () => {
    await ensure('strace');
    node = await WatchedNode.start();
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
  });
  beforeEach(() => node.clear());

  // Before it: the probes of both folders, and the image.
  const temporary = (): string => node.predictablePart(3, node.work);
  const folder = (): string => node.work;
  for (const [what, calls, file, said] of [
    ['create', 'openat', temporary, /cannot create/],
    ['write', 'write,pwrite64', temporary, /cannot write/],
    ['fsync', 'fsync', temporary, /cannot fsync/],
    ['close', 'close', temporary, /cannot close/],
    ['rename', 'rename', temporary, /cannot rename/],
    ['sync of the folder', 'fsync', folder, /cannot sync the folder/],
  ] as const) {
    for (const error of isSoak ? errors : (['EDQUOT'] as const)) {
      test(`${error} at ${what}: an image, no template, and nothing else left`, async () => {
        const result = await node.run(['-maindb', '-it', join(node.work, 'mapping.xml'), '--json'], {
          env: traceable,
          wrapper: faultAt(file(), calls, error),
        });
        assert.equal(result.status, 2, result.stderr);
        const { message = '' } = reportOf(result)?.error ?? {};
        assert.ok(message.includes(error), message);
        assert.ok(message.includes(file()), `the path in: ${message}`);
        assert.match(message, said);
        assert.match(result.stderr, /^Failed component: mapping template$/m);
        await node.check(result);
      });
    }
  }
});
