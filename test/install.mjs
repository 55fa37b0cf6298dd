// Runs before the build: a fresh clone has no node_modules, and `npm run quickstart` and `npm test` promise to work there.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

const modified = (file) =>
  statSync(new URL(`../${file}`, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  const { status } = spawnSync('npm', ['ci', '--no-fund', '--no-audit'], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
