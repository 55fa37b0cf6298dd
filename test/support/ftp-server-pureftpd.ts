import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
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

/** A private pure-ftpd with its defaults, and users of its own. */
export async function startPureFtpd(options: PrivateFtpServerOptions = {}): Promise<PrivateFtpServer> {
  await ensure('pure-ftpd', 'openssl');
  return startFtpServer('pure-ftpd', async ({ root, home, port }) => {
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
    return runInForeground(programOf('pure-ftpd', 'pure-ftpd'), args, port);
  });
}

async function makeUser(root: string, home: string, options: PrivateFtpServerOptions): Promise<void> {
  const { quotaMegabytes, uploadKilobytesPerSecond } = options;
  // Not by `pure-pw useradd`, whose hashing makes each login take seconds of a whole processor.
  const { stdout } = await run(programOf('openssl', 'openssl'), ['passwd', '-6', ftpUser.password]);
  const fields: (string | number)[] = [ftpUser.name, stdout.trim(), ftpUser.id, ftpUser.id, '', `${home}/./`];
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
