import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { ensure, MissingPrerequisites, testPrerequisites } from './support/prerequisites.js';

// npm test [-- [--soak] [part of a file name …]]
const args = process.argv.slice(2);
const soak = args.includes('--soak');
const filters = args.filter((argument) => argument !== '--soak');
if (soak) process.env['GATEWAY_BACKUP_SOAK'] = '1';

const here = fileURLToPath(new URL('.', import.meta.url));
const files = await testFiles();

try {
  await ensure(...testPrerequisites);
} catch (error) {
  if (!(error instanceof MissingPrerequisites)) throw error;
  // The tests that can do without go on; the others say what they lack.
  process.stdout.write(`${error.message}\n`);
}

// The files run in processes of their own, which inherit this.
process.env['NODE_OPTIONS'] =
  `${process.env['NODE_OPTIONS'] ?? ''} --import=${new URL('support/fail-on-warning.js', import.meta.url).href}`.trim();

const cancellation = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    cancellation.abort();
  });
}

let passed = 0;
let failed = 0;
const events = run({
  files,
  concurrency: 2,
  // Of one file. The longest of the long run, the endurance of the Backup Service, takes more than two hours.
  timeout: soak ? 10_800_000 : 600_000,
  signal: cancellation.signal,
});
events.on('test:pass', (event) => {
  if (event.details.type === 'suite' || files.includes(event.name)) return;
  // A test that did not run has proved nothing.
  if (event.skip !== undefined || event.todo !== undefined) failed += 1;
  else passed += 1;
});
events.on('test:fail', (event) => {
  if (event.details.type !== 'suite') failed += 1;
});
const printed = events.pipe(new spec());
printed.pipe(process.stdout, { end: false });
await finished(printed, { writable: false });

if (passed === 0) failed = Math.max(1, failed);
process.exitCode = failed === 0 ? 0 : 1;
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);

/** The compiled test files whose source is still there, except what is only compiled for type checks. */
async function testFiles(): Promise<string[]> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const names = await readdir(here, { recursive: true });
  return names
    .filter(
      (name) => name.endsWith('.test.js') && existsSync(join(root, 'test', name.replace(/\.js$/u, '.ts'))),
    )
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
    .map((name) => join(here, name))
    .sort((a, b) => relative(here, a).localeCompare(relative(here, b), 'en'));
}
