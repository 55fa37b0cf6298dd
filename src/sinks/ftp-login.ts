import { resolveSecret, type SecretSource } from '../secrets/secret.js';
import { throwIfCancelled } from '../support/abort.js';
import type { Log } from '../support/log.js';
import type { FtpConnection, FtpTimeouts } from './ftp-connection.js';
import { ControlConnection } from './ftp-control-connection.js';
import { replyFailure } from './ftp-failure.js';
import { checkPassword, type FtpTarget } from './ftp-target.js';

/** Connects, logs in and enters the folder. Whoever gets the connection has to close it. */
export async function ftpLogin(
  target: FtpTarget,
  source: SecretSource,
  timeouts: FtpTimeouts,
  signal: AbortSignal,
  log: Log,
): Promise<FtpConnection> {
  throwIfCancelled(signal, 'store');
  const password = await resolveSecret(source);
  checkPassword(password.reveal());
  const { host, port, user, folder } = target;
  const connection = new ControlConnection(target, password, timeouts, signal, log);
  try {
    await connection.open(host, port);
    // Servers that need to be told read names as Latin-1 until then; others refuse, which does no harm.
    if (/[^\0-\x7f]/.test(user + password.reveal() + folder)) await connection.command('OPTS UTF8 ON');
    await connection.logIn(user);
    const type = await connection.command('TYPE I');
    if (type.code < 200 || type.code >= 300) throw replyFailure(type, 'switch to binary transfers (TYPE I)');
    if (folder !== '') {
      const reply = await connection.command(`CWD ${folder}`);
      if (reply.code < 200 || reply.code >= 300) {
        throw replyFailure(reply, `enter the folder ${folder}`, {
          550: 'folder-missing',
          553: 'folder-missing',
        });
      }
    }
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
