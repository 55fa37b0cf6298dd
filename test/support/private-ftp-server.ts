import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

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

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server in the foreground and waits until it greets. */
export async function startServer(
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
export async function stopServer(child: ChildProcess): Promise<void> {
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
