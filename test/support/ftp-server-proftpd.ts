import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensure, programOf } from './prerequisites.js';
import {
  freePort,
  startServer,
  stopServer,
  type PrivateFtpServer,
  type PrivateFtpServerOptions,
} from './private-ftp-server.js';

const run = promisify(execFile);
const user = 'bob';
const password = 'canary-Zx81';
const nobody = 65534;

/** A private ProFTPD with its defaults: no overwriting, no appending. */
export async function startProftpd(options: PrivateFtpServerOptions = {}): Promise<PrivateFtpServer> {
  await ensure('proftpd');
  const root = await mkdtemp(join(tmpdir(), 'proftpd-'));
  const home = join(root, 'home');
  await mkdir(home);
  // The server becomes this user after the login.
  await chmod(root, 0o755);
  await chown(home, nobody, nobody);
  const port = await freePort();
  const config = join(root, 'proftpd.conf');
  const users = join(root, 'users');
  await writeFile(config, configuration(root, port, options), { mode: 0o600 });
  await passwordFile(users, home);
  if (options.quotaMegabytes !== undefined) await quotaTables(root, options.quotaMegabytes);
  const child = await startServer(programOf('proftpd', 'proftpd'), ['--nodaemon', '--config', config], port);
  return {
    kind: 'ProFTPD',
    port,
    user,
    password,
    home,
    stop: async () => {
      await stopServer(child);
      await rm(root, { recursive: true, force: true });
    },
  };
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
  const args = ['--passwd', `--file=${file}`, `--name=${user}`, `--uid=${nobody}`, `--gid=${nobody}`];
  const child = run(programOf('proftpd', 'ftpasswd'), [
    ...[...args, `--home=${home}`, '--shell=/bin/false', '--stdin'],
  ]);
  child.child.stdin?.end(`${password}\n`);
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
    `--name=${user}`,
    '--limit-type=hard',
    bytes,
  ]);
}
