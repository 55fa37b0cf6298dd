import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BackupOptions } from 'gateway-backup';
import { switchTable } from '#dist/options/switches.js';

/** The program as it ships. */
export const program = fileURLToPath(import.meta.resolve('#dist/cli/main.js'));

export interface ProgramResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string | undefined;
  readonly env?: Record<string, string> | undefined;
  /** Called with the process as soon as it runs. */
  readonly onStart?: ((child: ChildProcess) => void) | undefined;
  /** Run without the rights of root, where the test run has them. */
  readonly unprivileged?: boolean | undefined;
  /** A program that starts ours, for example a tracer. */
  readonly wrapper?: readonly string[] | undefined;
}

/** Runs `ssgbackup` to its end; one that hangs is killed after two minutes. */
export async function ssgbackup(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const drop = options.unprivileged === true && process.getuid?.() === 0;
  const script = drop ? fileURLToPath(new URL('unprivileged-main.js', import.meta.url)) : program;
  // What the program runs counts too, when coverage is measured.
  const coverage = drop ? undefined : process.env['NODE_V8_COVERAGE'];
  const [command, ...rest] = [...(options.wrapper ?? []), process.execPath, script, ...args];
  const child = spawn(command!, rest, {
    cwd: options.cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: '/nonexistent',
      ...(coverage === undefined ? {} : { NODE_V8_COVERAGE: coverage }),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  options.onStart?.(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { status, signal, stdout, stderr };
}

/** The switches that say the same as an options object, by the switch table. */
export function argumentsOf(options: Omit<BackupOptions, 'ftp' | 'components'>): string[] {
  return Object.entries(options).flatMap(([option, value]) => {
    const row = switchTable[option as keyof typeof options];
    if (value === undefined || value === false) return [];
    return row.value === null ? [row.switch] : [row.switch, String(value)];
  });
}

/** The JSON lines that `--json` printed. */
export function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
