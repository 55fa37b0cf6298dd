import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#dist/testing/free-port.js';
import { nobody } from './as-nobody.js';
import { canary } from './ftp-failure.js';

/** A real FTP server of this machine's own, on loopback, with one user whose home is a folder of ours. */
export interface PrivateFtpServer {
  readonly kind: 'ProFTPD' | 'pure-ftpd' | 'vsftpd';
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Folder in which the user finds himself after logging in. */
  readonly home: string;
  stop(): Promise<void>;
}

/** Variants of a server's own defaults. */
export interface PrivateFtpServerOptions {
  /** Disk space that the user may fill. Default: all there is. */
  readonly quotaMegabytes?: number | undefined;
  /** Speed limit of uploads. Default: none. */
  readonly uploadKilobytesPerSecond?: number | undefined;
}

/** The user of every such server. */
export const ftpUser = { name: 'bob', password: canary, id: nobody } as const;

/** Where a server lives. */
export interface FtpServerPlace {
  /** The server's own folder. */
  readonly root: string;
  /** The user's, in it. */
  readonly home: string;
  readonly port: number;
}

/** Makes a place for a server and lets it start there; stopping it removes the place. */
export async function startFtpServer(
  kind: PrivateFtpServer['kind'],
  start: (place: FtpServerPlace) => Promise<ChildProcess>,
): Promise<PrivateFtpServer> {
  const root = await mkdtemp(join(tmpdir(), `${kind}-`));
  const home = join(root, 'home');
  await mkdir(home);
  // The server becomes this user after the login.
  await chmod(root, 0o755);
  await chown(home, ftpUser.id, ftpUser.id);
  const port = await freePort();
  const child = await start({ root, home, port });
  return {
    kind,
    port,
    user: ftpUser.name,
    password: ftpUser.password,
    home,
    stop: async () => {
      await stopServer(child);
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Starts a server in the foreground and waits until it greets. */
export async function runInForeground(
  program: string,
  args: readonly string[],
  port: number,
): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  // A test file that breaks off before it stops its servers must not leave them running.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const deadline = Date.now() + 20_000;
  while (!(await greets(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${program} did not start: ${said.slice(-2000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return child;
}

/** Stops a server and everything it started. */
async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await closed;
  clearTimeout(timer);
}

async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    return greeting.toString().startsWith('220');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
