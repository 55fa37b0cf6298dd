// npm run coverage [-- part of a file name …]: how much of src/ the tests run, with a floor.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
// What is only types leaves nothing to run, and would count as not run.
const typesOnly = readdirSync(new URL('dist/', root), { recursive: true })
  .filter((path) => path.endsWith('.js'))
  .filter((path) =>
    /^export \{\};\s*(?:\/\/# sourceMappingURL=.*\s*)?$/u.test(
      readFileSync(new URL(`dist/${path}`, root), 'utf8'),
    ),
  )
  .map((path) => `--exclude=src/${path.replace(/\.js$/u, '.ts')}`);

const options = [
  '--all',
  '--src=src',
  '--include=src/**/*.ts',
  '--include=dist/**/*.js',
  '--exclude-after-remap',
  '--exclude=src/**/*.d.ts',
  '--reporter=text',
  '--reporter=html',
  '--reports-dir=coverage',
  '--check-coverage',
  '--lines=95',
  '--branches=90',
];

const { status } = spawnSync(
  fileURLToPath(new URL('node_modules/.bin/c8', root)),
  [...options, ...typesOnly, process.execPath, 'build/test/run.js', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
process.exitCode = status ?? 1;
