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

/** A private pure-ftpd with its defaults, and users of its own. */
export async function startPureFtpd(options: PrivateFtpServerOptions = {}): Promise<PrivateFtpServer> {
  await ensure('pure-ftpd', 'openssl');
  const root = await mkdtemp(join(tmpdir(), 'pure-ftpd-'));
  const home = join(root, 'home');
  await mkdir(home);
  await chmod(root, 0o755);
  await chown(home, nobody, nobody);
  const port = await freePort();
  await makeUser(root, home, options);
  const args = [
    ...[
      '--login',
      `puredb:${root}/users.pdb`,
      '--bind',
      `127.0.0.1,${port}`,
      '--minuid',
      '1000',
      '--ipv4only',
    ],
    ...['--noanonymous', '--dontresolve', '--syslogfacility', 'none', '--pidfile', join(root, 'pid')],
  ];
  const child = await startServer(programOf('pure-ftpd', 'pure-ftpd'), args, port);
  return {
    kind: 'pure-ftpd',
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

async function makeUser(root: string, home: string, options: PrivateFtpServerOptions): Promise<void> {
  const { quotaMegabytes, uploadKilobytesPerSecond } = options;
  // Not by `pure-pw useradd`, whose hashing makes each login take seconds of a whole processor.
  const { stdout } = await run(programOf('openssl', 'openssl'), ['passwd', '-6', password]);
  const fields = [user, stdout.trim(), nobody, nobody, '', `${home}/./`];
  fields.push(
    uploadKilobytesPerSecond === undefined ? '' : uploadKilobytesPerSecond * 1024,
    '',
    '',
    '',
    '',
    '',
  );
  fields.push(quotaMegabytes === undefined ? '' : quotaMegabytes * 2 ** 20, '', '', '', '', '');
  await writeFile(join(root, 'users'), `${fields.join(':')}\n`, { mode: 0o600 });
  await run(programOf('pure-ftpd', 'pure-pw'), ['mkdb', join(root, 'users.pdb'), '-f', join(root, 'users')]);
}
