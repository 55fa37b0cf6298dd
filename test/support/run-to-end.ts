import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface ProgramResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunToEndOptions {
  readonly cwd?: string | undefined;
  /** Default: this process's own. */
  readonly env?: Record<string, string> | undefined;
  /** For its standard input. Default: none. */
  readonly input?: string | undefined;
  /** Called with the process as soon as it runs. */
  readonly onStart?: ((child: ChildProcess) => void) | undefined;
}

/** Runs a program to its end; one that hangs is killed after two minutes. */
export async function runToEnd(
  program: string,
  args: readonly string[],
  { cwd, env, input, onStart }: RunToEndOptions = {},
): Promise<ProgramResult> {
  const child: ChildProcess = spawn(program, args, {
    cwd,
    env,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  // A program may end without having read it.
  child.stdin?.on('error', () => undefined).end(input);
  onStart?.(child);
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { status, signal, stdout, stderr };
}
