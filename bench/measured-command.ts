import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What one run of a command took. */
export interface Measured {
  readonly seconds: number;
  /** Of all processes of the command, without the database server. */
  readonly cpuSeconds: number;
  /** Peak resident size of the largest process, in MiB. */
  readonly peakMib: number;
}

/** Runs a shell command line and measures it; one that fails throws with its last words. */
export async function measuredCommand(command: string): Promise<Measured> {
  const started = performance.now();
  const script = `set -o pipefail; TIMEFORMAT='times %U %S'; time { ${command} ; }`;
  const child = spawn('/bin/bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let words = '';
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-4000);
    });
  }
  let peakKib = 0;
  const watch = setInterval(() => {
    peakKib = Math.max(peakKib, peakOfChildren(child.pid));
  }, 50);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  clearInterval(watch);
  const seconds = (performance.now() - started) / 1000;
  const [, user, system] = /times ([\d.]+) ([\d.]+)/.exec(words) ?? [];
  if (status !== 0) throw new Error(`${command} ended with ${String(status)}: ${words}`);
  return { seconds, cpuSeconds: Number(user) + Number(system), peakMib: peakKib / 1024 };
}

/** Runs contestants in turns, so that whatever else the machine does meets all of them; gives each one's medians. */
export async function measuredInTurns<Name extends string>(
  contestants: Readonly<Record<Name, string>>,
  rounds: number,
): Promise<Record<Name, Measured>> {
  const names = Object.keys(contestants) as Name[];
  const runs = new Map<Name, Measured[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) runs.get(name)!.push(await measuredCommand(contestants[name]));
  }
  const medians = names.map((name) => {
    const list = runs.get(name)!;
    return [
      name,
      {
        seconds: median(list.map(({ seconds }) => seconds)),
        cpuSeconds: median(list.map(({ cpuSeconds }) => cpuSeconds)),
        peakMib: Math.max(...list.map(({ peakMib }) => peakMib)),
      },
    ] as const;
  });
  return Object.fromEntries(medians) as Record<Name, Measured>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function peakOfChildren(pid: number | undefined): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return Math.max(0, ...[String(pid), ...children].map(peakOf));
  } catch {
    return 0;
  }
}

function peakOf(pid: string): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    // It has ended.
    return 0;
  }
}
