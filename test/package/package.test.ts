import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createSampleGateway, type SampleGateway } from 'gateway-backup/testing';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { ownVersion } from '#dist/support/own-version.js';
import { projectRoot } from '../architecture/source-files.js';
import { documents } from '../docs/markdown.js';
import { ensureNodeReleases, nodeProgram, otherReleases } from '../support/node-releases.js';
import { installPackage, ownPackageJson, type InstalledPackage } from './installed-package.js';

/** Everything that may be in the tarball; a file that fits no line is a mistake. */
const published: readonly RegExp[] = [
  /^package\.json$/u,
  /^README\.md$/u,
  /^CHANGELOG\.md$/u,
  /^LICENSE$/u,
  /^docs\/[a-z-]+\.(?:md|svg)$/u,
  /^examples\/[a-z-]+\.ts$/u,
  /^src\/(?:[a-z]+\/)*[a-z0-9-]+(?:\.d)?\.ts$/u,
  /^dist\/(?:[a-z]+\/)*[a-z0-9-]+\.(?:d\.ts|js)(?:\.map)?$/u,
];

const entryPoints = ['gateway-backup', 'gateway-backup/service', 'gateway-backup/testing'];

describe('the package', () => {
  let installed: InstalledPackage;
  let gateway: SampleGateway;

  before(async () => {
    installed = await installPackage();
    gateway = await createSampleGateway();
  });
  after(async () => {
    await gateway.remove();
    await installed[Symbol.asyncDispose]();
  });

  test('has in it what it should, and nothing else', () => {
    const paths = installed.packed.files.map(({ path }) => path);
    assert.deepEqual(
      paths.filter((path) => !published.some((pattern) => pattern.test(path))),
      [],
    );
    for (const path of ['LICENSE', 'CHANGELOG.md', ...documents.keys()]) {
      assert.equal(paths.includes(path), path !== 'CONTRIBUTING.md', path);
    }
  });

  test('has a source for every built file, so that nothing stale is in it', () => {
    const stale = installed.packed.files
      .filter(({ path }) => path.startsWith('dist/'))
      .map(({ path }) => path.replace(/^dist\//u, 'src/').replace(/(?:\.d\.ts|\.js)(?:\.map)?$/u, '.ts'))
      .filter((path) => !existsSync(join(projectRoot, path)));
    assert.deepEqual([...new Set(stale)], []);
  });

  test('satisfies publint', async () => {
    const { messages, pkg } = await publint({
      pkgDir: join(installed.folder, 'node_modules/gateway-backup'),
      pack: false,
      strict: true,
    });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg, { color: false })),
      [],
    );
  });

  test('has types that resolve wherever ES modules do', async () => {
    const attw = join(projectRoot, 'node_modules/.bin/attw');
    await installed.run(process.execPath, [attw, installed.tarball, '--profile', 'esm-only', '--no-emoji']);
  });

  test('says the version that its programs say', async () => {
    const { version } = await ownPackageJson();
    assert.equal(ownVersion, version);
    const { stdout } = await installed.run('node_modules/.bin/ssgbackup', ['--version']);
    assert.ok(stdout.includes(version), stdout);
  });

  test('installs its programs, and they print their usage', async () => {
    for (const name of Object.keys((await ownPackageJson()).bin)) {
      const { stdout } = await installed.run(`node_modules/.bin/${name}`, ['--help']);
      assert.match(stdout, new RegExp(`^Usage:\\s+${name} `, 'mu'));
    }
  });

  for (const [module, moduleResolution] of [
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ] as const) {
    test(`is typed for a strict project with moduleResolution ${moduleResolution}`, async () => {
      const imports = entryPoints.map((name, index) => `import * as part${index} from '${name}';`);
      await installed.write(
        'typed.mts',
        `${imports.join('\n')}\nexport const all = [part0, part1, part2];\n`,
      );
      const compilerOptions = {
        module,
        moduleResolution,
        target: 'es2022',
        lib: ['es2022', 'esnext.disposable'],
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
      };
      await installed.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['typed.mts'] }));
      await installed.run(process.execPath, [
        join(projectRoot, 'node_modules/typescript/bin/tsc'),
        '-p',
        '.',
      ]);
    });
  }

  describe('runs from ES modules, from CommonJS and from the command line', () => {
    before(ensureNodeReleases);

    for (const release of [undefined, ...otherReleases]) {
      test(release === undefined ? 'on the Node of these tests' : `on Node ${release}`, async () => {
        const node = release === undefined ? process.execPath : nodeProgram(release);
        await installed.write('try.mjs', tryEsm);
        await installed.write('try.cjs', tryCommonJs);
        const { gatewayRoot, hostRoot } = gateway;
        const folder = await mkdtemp(join(tmpdir(), 'image-'));
        try {
          const esm = await installed.run(node, ['try.mjs', join(folder, 'esm.zip'), gatewayRoot, hostRoot]);
          assert.equal(esm.stdout, 'success true\n', esm.stderr);
          const commonJs = await installed.run(node, ['try.cjs']);
          assert.equal(commonJs.stdout, 'function function function\n', commonJs.stderr);
          // A warning about require() of an ES module is Node's own, on those releases that have it.
          assert.equal(esm.stderr, '');
          const program = ['node_modules/gateway-backup/dist/cli/main.js', '-image', join(folder, 'cli.zip')];
          const root = ['--root', gatewayRoot, '--host-root', hostRoot];
          const cli = await installed.run(node, [...program, ...root]);
          assert.match(cli.stdout, /^Backup completed with no errors\.$/mu);
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      });
    }
  });
});

const tryEsm = `
import { runBackup, verifyImage } from 'gateway-backup';
import { createBackupService } from 'gateway-backup/service';
import { MemorySink } from 'gateway-backup/testing';
if (typeof createBackupService !== 'function' || typeof MemorySink !== 'function') throw new Error('incomplete');
const [image, gatewayRoot, hostRoot] = process.argv.slice(2);
const report = await runBackup({ image }, { gatewayRoot, hostRoot });
const { valid } = await verifyImage(report.image.path);
console.log(report.status, valid);
`;

const tryCommonJs = `
const { runBackup } = require('gateway-backup');
const { createBackupService } = require('gateway-backup/service');
const { createSampleGateway } = require('gateway-backup/testing');
console.log(typeof runBackup, typeof createBackupService, typeof createSampleGateway);
`;
