import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isBackupError, runBackup, verifyImage, type BackupOptions, type BackupReport } from 'gateway-backup';
import { sampleImageEntries, type SampleGatewayOptions } from 'gateway-backup/testing';
import { startSampleNode, type SampleNode } from '../support/sample-node.js';
import { argumentsOf, jsonLines, ssgbackup } from '../support/ssgbackup.js';

// The table of the product's documented rules: each row is run through the library and through the program, and both
// must agree on exit status, console lines, entries of the image, and report.

interface Row {
  readonly what: string;
  readonly options: Omit<BackupOptions, 'image' | 'ftp' | 'components' | 'mappingTemplate'>;
  readonly gateway?: Omit<SampleGatewayOptions, 'database'>;
  /** Where the database is; `remote` is never this machine. */
  readonly database?: 'remote' | 'wrong-password';
  readonly mapping?: true;
  /** Components in the image. */
  readonly image: string | null;
  /** Components that failed, and what the reason says. */
  readonly failed?: Readonly<Record<string, RegExp>>;
  readonly notApplicable?: string;
  /** The message of a run without an image. */
  readonly message?: RegExp;
  readonly invalid?: true;
}

const everything = 'maindb config os ca ma ext';

const rows: readonly Row[] = [
  { what: 'a standard backup takes every component that applies', options: {}, image: everything },
  {
    what: 'a standard backup with -ia takes audits too',
    options: { includeAudits: true },
    image: `maindb audits ${everything.slice(7)}`,
  },
  { what: '-esm joins a standard backup', options: { esm: true }, image: `${everything} esm` },
  { what: '-esm joins a custom backup', options: { esm: true, config: true }, image: 'config esm' },
  {
    what: 'a stale pid file does not block -esm',
    options: { esm: true, config: true },
    gateway: { esm: 'stale-pid' },
    image: 'config esm',
  },
  { what: 'a custom backup takes only what is named', options: { ca: true, ext: true }, image: 'ca ext' },
  { what: '-maindb and -audits', options: { maindb: true, audits: true }, image: 'maindb audits' },
  {
    what: '-ia in a custom backup takes no audits',
    options: { maindb: true, includeAudits: true },
    image: 'maindb',
  },
  {
    what: '-audits overrides -ia and makes the backup custom',
    options: { maindb: true, audits: true, includeAudits: true },
    image: 'maindb audits',
  },
  {
    what: '-audits without -maindb is refused, with -ia too',
    options: { audits: true, includeAudits: true },
    image: null,
    invalid: true,
    message: /-audits .* needs -maindb/,
  },
  {
    what: '-esm with one that runs is refused',
    options: { esm: true },
    gateway: { esm: 'running' },
    image: null,
    invalid: true,
    message: /-esm .* running/,
  },
  {
    what: '-esm with one that is not installed is refused, with -halt too',
    options: { esm: true, haltOnFirstFailure: true },
    gateway: { esm: 'absent' },
    image: null,
    invalid: true,
    message: /-esm .* not installed/,
  },
  {
    what: 'standard, not an appliance: os does not apply, and that is a success',
    options: {},
    gateway: { appliance: false },
    image: 'maindb config ca ma ext',
    notApplicable: 'os',
  },
  {
    what: 'standard, database not local: it does not apply, and that is a success',
    options: { includeAudits: true },
    database: 'remote',
    image: 'config os ca ma ext',
    notApplicable: 'maindb audits',
  },
  {
    what: 'standard with a failing component: an image with the rest',
    options: {},
    database: 'wrong-password',
    image: 'config os ca ma ext',
    failed: { maindb: /refused the login/ },
  },
  {
    what: 'the same with -halt: no image',
    options: { haltOnFirstFailure: true },
    database: 'wrong-password',
    image: null,
    failed: { maindb: /refused the login/ },
    message: /^maindb: /,
  },
  {
    what: '-maindb -os -config, database not local: an image without it',
    options: { maindb: true, os: true, config: true },
    database: 'remote',
    image: 'config os',
    failed: { maindb: /not|local/ },
  },
  {
    what: 'the same with -halt: no image, and the reason is named',
    options: { maindb: true, os: true, config: true, haltOnFirstFailure: true },
    database: 'remote',
    image: null,
    failed: { maindb: /not|local/ },
    message: /^maindb: .*192\.0\.2\.10/,
  },
  {
    what: 'all chosen components fail: no image',
    options: { maindb: true, audits: true },
    database: 'remote',
    image: null,
    failed: { maindb: /./, audits: /./ },
    message: /All components failed/,
  },
  {
    what: 'the only chosen component does not apply: no image',
    options: { os: true },
    gateway: { appliance: false },
    image: null,
    failed: { os: /./ },
    message: /^os: /,
  },
  { what: '-it writes a mapping template', options: {}, mapping: true, image: everything },
  { what: '-it goes with -maindb', options: { maindb: true }, mapping: true, image: 'maindb' },
  {
    what: '-it in a custom backup without -maindb is refused',
    options: { config: true },
    mapping: true,
    image: null,
    invalid: true,
    message: /-it .*-maindb/,
  },
  {
    what: '-it with a database that is not local: the template is missing, which is partial',
    options: {},
    database: 'remote',
    mapping: true,
    image: 'config os ca ma ext',
    notApplicable: 'maindb',
    failed: { 'mapping template': /./ },
  },
  {
    what: 'the same with -halt: failed',
    options: { haltOnFirstFailure: true },
    database: 'remote',
    mapping: true,
    image: null,
    notApplicable: 'maindb',
    failed: { 'mapping template': /./ },
    message: /mapping template/,
  },
];

describe('outcome', () => {
  let node: SampleNode;
  before(async () => {
    node = await startSampleNode();
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
  });

  for (const row of rows) {
    test(`${row.what} (library)`, async () => {
      await using place = await placeFor(row, node);
      const { options, gateway } = place;
      let report: BackupReport | undefined;
      try {
        report = await runBackup(options, gateway);
        assert.ok(row.image !== null, 'an image was made');
      } catch (error) {
        assert.ok(isBackupError(error), String(error));
        assert.ok(row.image === null, error.stack);
        assert.match(error.message, row.message!);
        if (row.invalid) {
          assert.equal(error.code, 'INVALID_OPTIONS');
          assert.equal(error.report, undefined);
        } else {
          report = error.report!;
          assert.equal(report.status, 'failed');
        }
      }
      if (report !== undefined) checkReport(report, row);
      await place.check();
    });

    test(`${row.what} (program)`, async () => {
      await using place = await placeFor(row, node);
      const { options, gateway } = place;
      const paths = ['--root', gateway.gatewayRoot, '--host-root', gateway.hostRoot];
      const result = await ssgbackup([...argumentsOf(options), ...paths, '--json'], {
        env: { TMPDIR: place.folder },
      });
      const lines = jsonLines(result.stdout);
      const report = lines.at(-1) as unknown as PrintedReport;
      const failed = Object.keys(row.failed ?? {});
      if (row.image === null) {
        assert.equal(result.status, 1, result.stderr);
        const kind = row.invalid ? 'Backup invalid argument: ' : 'Backup failed: ';
        const printed = result.stderr.slice(result.stderr.indexOf(`\n${kind}`) + kind.length + 1);
        assert.ok(
          result.stderr.includes(`\n\n${kind}`) || result.stderr.startsWith(`\n${kind}`),
          result.stderr,
        );
        assert.match(printed, row.message!);
        assert.equal(/^Usage: ssgbackup/m.test(result.stderr), row.invalid === true);
      } else {
        assert.equal(result.status, failed.length > 0 ? 2 : 0, result.stderr);
        const fixed =
          failed.length > 0
            ? [
                'Backup of Gateway image partially succeeded.',
                ...failed.map((name) => `Failed component: ${name}`),
              ]
            : ['Backup completed with no errors.'];
        assert.ok(result.stderr.includes(`\n${fixed.join('\n')}\nImage: `), result.stderr);
      }
      assert.equal((report as { type?: string }).type, 'report');
      if (row.invalid !== true) checkReport(report, row);
      assert.ok(!`${result.stdout}${result.stderr}`.includes('canary'), 'a password was printed');
      await place.check();
    });
  }
});

interface PrintedReport extends Omit<BackupReport, 'startedAt'> {
  readonly startedAt: unknown;
}

function checkReport(report: PrintedReport, row: Row): void {
  const failed = row.failed ?? {};
  const mappingFailed = 'mapping template' in failed;
  const status = row.image === null ? 'failed' : Object.keys(failed).length > 0 ? 'partial' : 'success';
  assert.equal(report.status, status);
  const components = (wanted: string): string[] =>
    report.components.filter((each) => each.status === wanted).map(({ component }) => component);
  if (row.image !== null) assert.deepEqual(components('collected').join(' '), row.image);
  assert.deepEqual(components('not-applicable').join(' '), row.notApplicable ?? '');
  assert.deepEqual(
    components('failed'),
    Object.keys(failed).filter((name) => name !== 'mapping template'),
  );
  for (const { component, status: outcome, reason, entries, bytes } of report.components) {
    if (outcome === 'failed') assert.match(reason, failed[component]!);
    if (outcome !== 'collected') assert.deepEqual({ entries, bytes }, { entries: 0, bytes: 0 });
  }
  if (mappingFailed) assert.equal(report.error?.code, 'MAPPING_TEMPLATE_FAILED');
  assert.equal(report.image === null, row.image === null);
}

async function placeFor(row: Row, node: SampleNode) {
  const { login } = node;
  const database =
    row.database === 'remote'
      ? { ...login, host: '192.0.2.10' }
      : row.database === 'wrong-password'
        ? { ...login, password: 'canary-wrong' }
        : login;
  const gateway = await node.gateway({ ...row.gateway, database });
  const folder = await mkdtemp(join(tmpdir(), 'outcome-'));
  const mappingTemplate = row.mapping ? join(folder, 'template.xml') : undefined;
  const backupHome = gateway.resolve('Gateway', 'config', 'backup');
  const before = (await readdir(gateway.hostRoot, { recursive: true })).sort();
  return {
    folder,
    gateway: { gatewayRoot: gateway.gatewayRoot, hostRoot: gateway.hostRoot, workDirectory: folder },
    options: { ...row.options, image: join(folder, 'node1.zip'), mappingTemplate },
    /** The image holds what it should, and nothing else was left anywhere. */
    async check(): Promise<void> {
      const names = (await readdir(folder)).sort();
      const templates = row.mapping && row.image !== null && !row.failed ? ['template.xml'] : [];
      if (row.image === null) {
        assert.deepEqual(names, []);
      } else {
        assert.match(names[0] ?? '', /^\d{14}_node1\.zip$/);
        assert.deepEqual(names.slice(1), templates);
        const image = join(folder, names[0]!);
        const { valid, faults } = await verifyImage(image);
        assert.ok(valid, JSON.stringify(faults));
        const wanted = row.image
          .split(' ')
          .flatMap((name) => sampleImageEntries[name as keyof typeof sampleImageEntries]);
        assert.deepEqual((await entriesOf(image)).sort(), [...wanted, 'version', 'backup.json'].sort());
      }
      const after = (await readdir(gateway.hostRoot, { recursive: true })).sort();
      const logs = join(backupHome, 'logs').slice(gateway.hostRoot.length + 1);
      assert.deepEqual(
        after.filter((path) => !path.startsWith(`${logs}/ssgbackup`)),
        before.filter((path) => !path.startsWith(`${logs}/ssgbackup`)),
      );
      for (const path of after.filter((each) => each.startsWith(`${logs}/ssgbackup`))) {
        const text = await readFile(join(gateway.hostRoot, path), 'utf8');
        assert.ok(!text.includes('canary'), 'a password was logged');
      }
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await gateway.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The names in an image, from its own last entry, which lists the others. */
async function entriesOf(image: string): Promise<string[]> {
  const { readZipEntry } = await import('#dist/image/read-zip-entry.js');
  const manifest = await readZipEntry(image, 'manifest.log', 10 * 1024 * 1024);
  return manifest!.toString('utf8').trimEnd().split('\n');
}
