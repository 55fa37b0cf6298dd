import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { BackupError } from '../errors.js';
import { findProgram } from './find-program.js';
import { runProgram } from './run-program.js';

/** The programs that a private server needs, as absolute paths. */
export interface MariaDbPrograms {
  readonly server: string;
  readonly install: string;
  readonly client: string;
}

/** Whether all of them are installed. */
export function isMariaDbInstalled(): boolean {
  return Object.values(programPaths()).every((path) => path !== undefined);
}

/**
 * Finds the programs.
 *
 * @throws BackupError `DATABASE_UNAVAILABLE`, reason `not-installed`.
 */
export function findMariaDbPrograms(): MariaDbPrograms {
  const { server, install, client } = programPaths();
  if (server !== undefined && install !== undefined && client !== undefined)
    return { server, install, client };
  throw new BackupError(
    'DATABASE_UNAVAILABLE',
    'MariaDB is not installed: mariadbd, mariadb-install-db or mariadb is missing',
    {
      stage: 'service',
      reason: 'not-installed',
      hint: 'Install it, on Debian with: apt-get install mariadb-server',
    },
  );
}

/** The account that the server runs as when we are root, which the server refuses to be. */
export async function serverAccount(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all([
    runProgram('/usr/bin/id', ['-u', 'mysql']),
    runProgram('/usr/bin/id', ['-g', 'mysql']),
  ]);
  return { uid: Number(uid), gid: Number(gid) };
}

/** The servers that end with this process, and their folders. */
export const endedByExit = new Map<ChildProcess, string>();

/**
 * Starts the server as its own user. It ends with this process: in an orderly end by our own hand, which takes the
 * folder along, else by the kernel's.
 */
export async function spawnServer(
  server: string,
  args: readonly string[],
  directory: string,
): Promise<ChildProcess> {
  const [program = server, ...rest] = await commandLine(server, args);
  const child = spawn(program, rest, { stdio: 'ignore' });
  if (!process.listeners('exit').includes(endAll)) process.once('exit', endAll);
  endedByExit.set(child, directory);
  return child;
}

/** Waits until the server greets on its socket; false if it ends before, or is not ready in time. */
export async function answersInTime(
  server: ChildProcess,
  socketPath: string,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  const failed = once(server, 'exit').then(
    () => true,
    () => true,
  );
  while (!(await answers(socketPath))) {
    if ((await Promise.race([failed, delay(25, false)])) || Date.now() >= deadline) return false;
  }
  return true;
}

async function answers(socketPath: string): Promise<boolean> {
  const socket = connect(socketPath);
  try {
    return await new Promise((resolve) => {
      socket.once('data', () => {
        resolve(true);
      });
      socket.once('close', () => {
        resolve(false);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
  } finally {
    socket.destroy();
  }
}

async function commandLine(server: string, args: readonly string[]): Promise<readonly string[]> {
  const account = await serverAccount();
  const setpriv = findProgram('setpriv');
  if (setpriv === undefined) return [server, ...args, ...(account === undefined ? [] : ['--user=mysql'])];
  const identity =
    account === undefined ? [] : [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  // The signal must be asked for as the final user: the kernel forgets it when the identity changes.
  return [setpriv, ...identity, '--pdeathsig=KILL', '--', server, ...args];
}

function programPaths(): { readonly [Name in keyof MariaDbPrograms]: string | undefined } {
  return {
    server: findProgram('mariadbd', 'mysqld'),
    install: findProgram('mariadb-install-db', 'mysql_install_db'),
    client: findProgram('mariadb', 'mysql'),
  };
}

function endAll(): void {
  for (const [child, directory] of endedByExit) {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
