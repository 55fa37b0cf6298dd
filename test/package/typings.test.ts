import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { projectRoot } from '../architecture/source-files.js';

test('what must compile does, and what must not does not', async () => {
  const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc');
  const compiled = promisify(execFile)(process.execPath, [tsc, '-p', join(projectRoot, 'test/typings')]);
  const output = await compiled.then(
    () => '',
    (error: unknown) => (error as { stdout: string }).stdout,
  );
  assert.equal(output, '');
});
