import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensure } from '../support/prerequisites.js';
import { reportOf, WatchedNode, withRpm } from './watched-node.js';

test('an rpm that hangs costs the library extensions after its time limit, and no other component', async () => {
  await ensure('rpm');
  await using node = await WatchedNode.start({ database: false });
  const programs = await mkdtemp(join(tmpdir(), 'hanging-rpm-'));
  try {
    await writeFile(join(programs, 'rpm'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
    const startedAt = Date.now();
    const result = await node.run(['--json'], { wrapper: withRpm(join(programs, 'rpm')) });
    const ms = Date.now() - startedAt;
    // The limit of one call is 30 seconds.
    assert.ok(ms > 29_000 && ms < 60_000, `took ${ms} ms`);
    assert.equal(result.status, 2, result.stderr);
    const { components } = reportOf(result)!;
    const failed = components.filter(({ status }) => status === 'failed');
    assert.deepEqual(
      failed.map(({ component }) => component),
      ['ext'],
    );
    assert.match(failed[0]!.reason ?? '', /rpm/);
    assert.match(result.stderr, /^Failed component: ext$/m);
    assert.ok(components.filter(({ status }) => status === 'collected').length >= 4);
    await node.check(result);
  } finally {
    await rm(programs, { recursive: true, force: true });
  }
});
