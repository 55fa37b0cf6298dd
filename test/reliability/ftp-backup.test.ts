import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { chown, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { isBackupError, runBackup, verifyImage, type BackupReport } from 'gateway-backup';
import type { SampleGateway } from 'gateway-backup/testing';
import { nobody } from '../support/as-nobody.js';
import { startProftpd } from '../support/ftp-server-proftpd.js';
import { startPureFtpd } from '../support/ftp-server-pureftpd.js';
import { startVsftpd } from '../support/ftp-server-vsftpd.js';
import { GatewayFixture } from '../support/gateway-fixture.js';
import { ensure, programOf } from '../support/prerequisites.js';
import type { PrivateFtpServer } from '../support/private-ftp-server.js';
import { jsonLines, ssgbackup } from '../support/ssgbackup.js';

const run = promisify(execFile);

await ensure('curl');
const servers = [await startProftpd(), await startPureFtpd(), await startVsftpd()];

describe('a whole backup with audits by FTP', () => {
  let fixture: GatewayFixture;
  let gateway: SampleGateway;
  let folder: string;
  before(async () => {
    fixture = await GatewayFixture.start();
    gateway = await fixture.gateway(await fixture.database());
    folder = await fixture.folder();
  });
  after(async () => {
    await fixture.remove();
    await Promise.all(servers.map((server) => server.stop()));
  });

  for (const server of servers) {
    for (const image of ['node1.zip', 'images/node1.zip', 'with space/node 1.zip', 'grüße/knoten.zip']) {
      test(`${server.kind}: '${image}' arrives whole, and curl fetches back what was staged`, async () => {
        await makeFolder(server, dirname(image));
        const result = await ssgbackup(
          [
            ...[
              '-image',
              image,
              '-ia',
              '-ftp_host',
              `127.0.0.1:${server.port}`,
              '-ftp_user',
              server.user,
              '--json',
            ],
            ...['--root', gateway.gatewayRoot, '--host-root', gateway.hostRoot, '--work-dir', folder],
          ],
          { env: { GATEWAY_BACKUP_FTP_PASSWORD: server.password } },
        );
        assert.equal(result.status, 0, result.stderr);
        const report = jsonLines(result.stdout).at(-1) as unknown as BackupReport;
        const login = ['--user', `${server.user}:${server.password}`];
        const fetched = join(folder, 'fetched.zip');
        await run(programOf('curl', 'curl'), [
          '--silent',
          '--show-error',
          ...login,
          '-o',
          fetched,
          report.image!.path,
        ]);
        const { stdout } = await run('sha256sum', [fetched]);
        assert.equal(stdout.split(' ')[0], report.image!.sha256);
        const { valid, faults, status } = await verifyImage(fetched);
        assert.ok(valid, JSON.stringify(faults));
        assert.equal(status, 'success');
        await rm(fetched);
        assert.deepEqual(await readdir(folder), []);
        assert.ok(!`${result.stdout}${result.stderr}`.includes(server.password), 'the password was printed');
      });
    }

    test(`${server.kind}: an image that no server takes is kept, whole, and the message says where`, async () => {
      const host = { gatewayRoot: gateway.gatewayRoot, hostRoot: gateway.hostRoot, workDirectory: folder };
      const { port, user, password } = server;
      const options = {
        image: 'node1.zip',
        includeAudits: true,
        ftp: { host: '127.0.0.1', port, user, password },
      };
      let taken = '';
      const backup = runBackup(options, {
        ...host,
        // The name is taken by somebody else between the check and the upload.
        onEvent: (event) => {
          if (event.type === 'component-finished' && event.report.component === 'ext')
            taken = takeName(server);
        },
      });
      await assert.rejects(backup, (error) => {
        assert.ok(isBackupError(error));
        assert.equal(error.reason, 'name-taken');
        const [kept] = /\/\S+_node1\.zip/.exec(error.message.slice(error.message.indexOf('kept'))) ?? [];
        assert.ok(kept?.startsWith(folder), error.message);
        return true;
      });
      assert.notEqual(taken, '');
      const [name] = await readdir(folder);
      const kept = join(folder, name!);
      assert.ok((await verifyImage(kept)).valid);
      await rm(kept);
    });
  }
});

async function makeFolder(server: PrivateFtpServer, name: string): Promise<void> {
  if (name === '.') return;
  await mkdir(join(server.home, name), { recursive: true });
  await chown(join(server.home, name), nobody, nobody);
}

/** Makes files of every name that the image may have: its stamp is the second in which the run began. */
function takeName(server: PrivateFtpServer): string {
  const now = Date.now();
  for (let second = -120; second <= 5; second += 1) {
    const time = new Date(now + second * 1000 - new Date(now).getTimezoneOffset() * 60_000);
    const stamp = time.toISOString().replace(/\D/g, '').slice(0, 14);
    writeFileSync(join(server.home, `${stamp}_node1.zip`), '');
  }
  return server.home;
}
