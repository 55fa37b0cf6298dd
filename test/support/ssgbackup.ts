import { fileURLToPath } from 'node:url';
import type { BackupOptions } from 'gateway-backup';
import { switchTable } from '#dist/options/switches.js';
import { runToEnd, type ProgramResult, type RunToEndOptions } from './run-to-end.js';

export type { ProgramResult };

/** The program as it ships. */
export const program = fileURLToPath(import.meta.resolve('#dist/cli/main.js'));

export interface ProgramOptions extends Omit<RunToEndOptions, 'input'> {
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
  return runToEnd(command!, rest, {
    cwd: options.cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: '/nonexistent',
      ...(coverage === undefined ? {} : { NODE_V8_COVERAGE: coverage }),
      ...options.env,
    },
    onStart: options.onStart,
  });
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
