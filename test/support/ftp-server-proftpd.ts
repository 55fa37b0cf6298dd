import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensure, programOf } from './prerequisites.js';
import {
  ftpUser,
  runInForeground,
  startFtpServer,
  type PrivateFtpServer,
  type PrivateFtpServerOptions,
} from './private-ftp-server.js';

const run = promisify(execFile);

/** A private ProFTPD with its defaults: no overwriting, no appending. */
export async function startProftpd(options: PrivateFtpServerOptions = {}): Promise<PrivateFtpServer> {
  await ensure('proftpd');
  return startFtpServer('ProFTPD', async ({ root, home, port }) => {
    const config = join(root, 'proftpd.conf');
    await writeFile(config, configuration(root, port, options), { mode: 0o600 });
    await passwordFile(join(root, 'users'), home);
    if (options.quotaMegabytes !== undefined) await quotaTables(root, options.quotaMegabytes);
    return runInForeground(programOf('proftpd', 'proftpd'), ['--nodaemon', '--config', config], port);
  });
}

function configuration(root: string, port: number, options: PrivateFtpServerOptions): string {
  const { quotaMegabytes, uploadKilobytesPerSecond } = options;
  const quota = [
    'LoadModule mod_quotatab.c',
    'LoadModule mod_quotatab_file.c',
    'QuotaEngine on',
    `QuotaLimitTable file:${root}/limit.tab`,
    `QuotaTallyTable file:${root}/tally.tab`,
  ];
  return [
    'ServerName private',
    'ServerType standalone',
    'DefaultAddress 127.0.0.1',
    'SocketBindTight on',
    `Port ${port}`,
    'UseIPv6 off',
    'User nobody',
    'Group nogroup',
    'ModulePath /usr/lib/proftpd',
    ...(quotaMegabytes === undefined ? [] : quota),
    'AuthOrder mod_auth_file.c',
    `AuthUserFile ${root}/users`,
    'RequireValidShell off',
    'UseReverseDNS off',
    'WtmpLog off',
    `PidFile ${root}/pid`,
    `ScoreboardFile ${root}/scoreboard`,
    `DelayTable ${root}/delay`,
    `SystemLog ${root}/log`,
    `TransferLog none`,
    ...(uploadKilobytesPerSecond === undefined ? [] : [`TransferRate STOR ${uploadKilobytesPerSecond}`]),
    '',
  ].join('\n');
}

async function passwordFile(file: string, home: string): Promise<void> {
  const args = [
    '--passwd',
    `--file=${file}`,
    `--name=${ftpUser.name}`,
    `--uid=${ftpUser.id}`,
    `--gid=${ftpUser.id}`,
  ];
  const child = run(programOf('proftpd', 'ftpasswd'), [
    ...[...args, `--home=${home}`, '--shell=/bin/false', '--stdin'],
  ]);
  child.child.stdin?.end(`${ftpUser.password}\n`);
  await child;
  await chmod(file, 0o600);
}

async function quotaTables(root: string, megabytes: number): Promise<void> {
  const ftpquota = programOf('proftpd', 'ftpquota');
  const limit = [`--table-path=${root}/limit.tab`, '--type=limit'];
  await run(ftpquota, ['--create-table', ...limit]);
  await run(ftpquota, ['--create-table', `--table-path=${root}/tally.tab`, '--type=tally']);
  const bytes = `--bytes-upload=${megabytes * 2 ** 20}`;
  await run(ftpquota, [
    '--add-record',
    ...limit,
    '--quota-type=user',
    `--name=${ftpUser.name}`,
    '--limit-type=hard',
    bytes,
  ]);
}
