import { execFile, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
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
const { name: user, password, id: nobody } = ftpUser;

/**
 * A private vsftpd with its defaults, but that it may be written to. It knows no users but those of the machine, so it
 * runs in namespaces of its own in which the machine has other users, and in which every process ends with the server.
 * It has no quotas either: a quota is the size of the disk that the user's home is on.
 */
export async function startVsftpd(options: PrivateFtpServerOptions = {}): Promise<PrivateFtpServer> {
  await ensure('vsftpd', 'openssl');
  let child: ChildProcess | undefined;
  const server = await startFtpServer('vsftpd', async ({ root, home, port }) => {
    for (const name of ['empty', 'pam.d']) await mkdir(join(root, name));
    await writeFile(join(root, 'vsftpd.conf'), configuration(root, port, options), { mode: 0o600 });
    await usersOfTheMachine(root, home);
    const disk = options.quotaMegabytes === undefined ? '' : `${options.quotaMegabytes}m`;
    const command = [programOf('vsftpd', 'vsftpd'), join(root, 'vsftpd.conf')];
    const namespaces = ['--mount', '--pid', '--fork', '--kill-child'];
    child = await runInForeground(
      'unshare',
      [...namespaces, 'sh', '-c', inNamespace, root, disk, ...command],
      port,
    );
    return child;
  });
  return {
    ...server,
    // As the server sees it.
    home: `/proc/${child!.pid!}/root${server.home}`,
    stop: () => {
      // unshare takes no other signal; its children die with it.
      child!.kill('SIGKILL');
      return server.stop();
    },
  };
}

// What is mounted here is seen by the server alone, and gone with it. The shell stays: the first process of a namespace
// inherits children of others, and vsftpd crashes when one ends that it does not know.
const inNamespace = `set -e
for name in passwd shadow pam.d; do mount --bind "$0/$name" "/etc/$name"; done
if [ -n "$1" ]; then mount -t tmpfs -o "size=$1,uid=${nobody},gid=${nobody},mode=755" none "$0/home"; fi
shift
"$@"
exit $?`;

function configuration(root: string, port: number, options: PrivateFtpServerOptions): string {
  const { uploadKilobytesPerSecond } = options;
  const rate = uploadKilobytesPerSecond === undefined ? 0 : uploadKilobytesPerSecond * 1024;
  return [
    'listen=YES',
    'listen_address=127.0.0.1',
    `listen_port=${port}`,
    'local_enable=YES',
    'write_enable=YES',
    `local_max_rate=${rate}`,
    `secure_chroot_dir=${root}/empty`,
    'pam_service_name=vsftpd',
    '',
  ].join('\n');
}

async function usersOfTheMachine(root: string, home: string): Promise<void> {
  const { stdout } = await run(programOf('openssl', 'openssl'), ['passwd', '-6', password]);
  const passwd = [
    'root:x:0:0::/root:/bin/sh',
    // The server wants these two for what it does without rights.
    `nobody:x:${nobody}:${nobody}::/nonexistent:/bin/false`,
    `ftp:x:${nobody}:${nobody}::${root}/empty:/bin/false`,
    `${user}:x:${nobody}:${nobody}::${home}:/bin/sh`,
  ];
  await writeFile(join(root, 'passwd'), `${passwd.join('\n')}\n`, { mode: 0o644 });
  await writeFile(join(root, 'shadow'), `${user}:${stdout.trim()}:20000::::::\n`, { mode: 0o600 });
  const pam = ['auth required pam_unix.so nodelay', 'account required pam_unix.so'];
  await writeFile(join(root, 'pam.d/vsftpd'), `${pam.join('\n')}\n`);
}
