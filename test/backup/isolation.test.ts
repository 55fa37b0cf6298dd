import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isBackupError, runBackup, verifyImage, type BuiltInComponent } from 'gateway-backup';
import { sampleImageEntries, type SampleGateway } from 'gateway-backup/testing';
import { readZipEntry } from '#dist/image/read-zip-entry.js';
import { asNobody, giveToNobody } from '../support/as-nobody.js';
import { startSampleNode, type SampleNode } from '../support/sample-node.js';

// Every component made to fail for real, alone and in pairs. What must not change is everything else.

const runOrder = ['maindb', 'audits', 'config', 'os', 'ca', 'ma', 'ext', 'esm'] as const;

/** An rpm program without packages. */
const ownsNothing = `#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift
for file; do echo "file $file is not owned by any package"; done
exit 1
`;

/** Larger than any row of the sample database, smaller than the row that is to break a component. */
const maxRowBytes = 5 * 1024 * 1024;

/** How each component is made to fail, and what its reason must say. */
const failures: Record<
  BuiltInComponent,
  { readonly break: (gateway: SampleGateway, node: SampleNode) => Promise<unknown>; readonly reason: RegExp }
> = {
  maindb: {
    break: (_, { server, database }) =>
      server.execute(`INSERT INTO oversized VALUES (REPEAT('x', 6000000));`, database),
    reason: /oversized|row/i,
  },
  audits: {
    break: (_, { server, database }) =>
      server.execute(`INSERT INTO audit_oversized VALUES (REPEAT('x', 6000000));`, database),
    reason: /audit_oversized|row/i,
  },
  config: {
    break: (gateway) => chmod(gateway.resolve('Gateway/node/default/etc/conf/omp.dat'), 0),
    reason: /omp\.dat.*EACCES/,
  },
  os: { break: (gateway) => chmod(gateway.hostPath('etc/hosts'), 0), reason: /hosts.*EACCES/ },
  ca: {
    break: (gateway) => chmod(gateway.resolve('Gateway/runtime/modules/lib'), 0),
    reason: /modules\/lib.*EACCES/,
  },
  ma: {
    break: (gateway) => chmod(gateway.resolve('Gateway/runtime/modules/assertions'), 0),
    reason: /assertions.*EACCES/,
  },
  ext: {
    break: (gateway) => writeFile(gateway.hostPath('rpm'), '#!/bin/sh\nsleep 60\n', { mode: 0o755 }),
    reason: /rpm/,
  },
  esm: {
    break: (gateway) => rm(gateway.resolve('EnterpriseManager/var/emconfig.properties')),
    reason: /emconfig\.properties/,
  },
};

const cases: (readonly BuiltInComponent[])[] = runOrder.flatMap((first, index) => [
  [first],
  ...runOrder.slice(index + 1).map((second) => [first, second]),
]);

describe('a failing component', () => {
  let node: SampleNode;
  before(async () => {
    node = await startSampleNode();
    await node.server.execute(
      'CREATE TABLE oversized (value MEDIUMTEXT); CREATE TABLE audit_oversized (value MEDIUMTEXT);',
      node.database,
    );
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
  });

  for (const failing of cases) {
    test(`${failing.join(' and ')}: the others are whole, and with -halt there is no image`, async () => {
      const gateway = await node.gateway({
        files: { 'opt/SecureSpan/Gateway/config/backup/cfg/backup_tables_audit': null },
      });
      await rm(gateway.resolve('Gateway/config/backup/cfg/backup_tables_audit'), {
        recursive: true,
        force: true,
      });
      const folder = await mkdtemp(join(tmpdir(), 'isolation-'));
      try {
        await writeFile(gateway.hostPath('rpm'), ownsNothing, { mode: 0o755 });
        giveToNobody(gateway.hostRoot);
        giveToNobody(folder);
        for (const component of failing) await failures[component].break(gateway, node);
        const { gatewayRoot, hostRoot } = gateway;
        const options = { image: join(folder, 'node1.zip'), includeAudits: true, esm: true };
        const host = {
          ...{ gatewayRoot, hostRoot, workDirectory: folder, database: { maxRowBytes } },
          ...{ rpmProgram: gateway.hostPath('rpm'), rpmTimeoutMs: failing.includes('ext') ? 300 : 30_000 },
        };
        const report = await asNobody(() => runBackup(options, host));
        assert.equal(report.status, 'partial');
        assert.deepEqual(
          report.components.map(({ component }) => component),
          [...runOrder],
        );
        for (const { component, status, reason } of report.components) {
          const name = component as BuiltInComponent;
          if (failing.includes(name)) assert.match(reason ?? '', failures[name].reason);
          assert.equal(
            status,
            failing.includes(name) ? 'failed' : 'collected',
            `${component}: ${reason ?? ''}`,
          );
        }
        const { valid, faults } = await verifyImage(report.image.path);
        assert.ok(valid, JSON.stringify(faults));
        const manifest = (await readZipEntry(report.image.path, 'manifest.log', 1 << 20))!.toString();
        const expected = runOrder
          .filter((name) => !failing.includes(name))
          .flatMap((name) => sampleImageEntries[name]);
        assert.deepEqual(
          manifest.trimEnd().split('\n').sort(),
          [...expected, 'version', 'backup.json'].sort(),
        );

        await rm(report.image.path);
        await assert.rejects(
          asNobody(() => runBackup({ ...options, haltOnFirstFailure: true }, host)),
          (error) => {
            assert.ok(isBackupError(error));
            assert.equal(error.code, 'COMPONENT_FAILED');
            assert.equal(error.component, failing[0]);
            assert.match(error.message, failures[failing[0]!].reason);
            const done = error.report!.components.map(({ component }) => component);
            assert.deepEqual(done, runOrder.slice(0, runOrder.indexOf(failing[0]!) + 1));
            return true;
          },
        );
        assert.deepEqual(await readdir(folder), []);
      } finally {
        await node.server.execute('DELETE FROM oversized; DELETE FROM audit_oversized;', node.database);
        await gateway.remove();
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});
