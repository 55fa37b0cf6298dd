import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs npm and gives what it printed. */
export async function npm(args: readonly string[], cwd: string): Promise<string> {
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  const { stdout } = await execute('npm', [...args, ...quiet], { cwd, timeout: 180_000, maxBuffer: 2 ** 26 });
  return stdout;
}
