import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

/**
 * Names a process so that it can be told from a later one with the same number.
 */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** Start time in clock ticks since boot, from `/proc`; `0` where there is none. */
  readonly startTicks: number;
}

/** This process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  return { host: hostname(), pid: process.pid, startTicks: (await startTicksOf(process.pid)) ?? 0 };
}

/**
 * Whether that process still runs. `unknown` for one on another host. Where start times cannot be had, any process of
 * this number counts as the same one.
 */
export async function isAlive(identity: ProcessIdentity): Promise<boolean | 'unknown'> {
  if (identity.host !== hostname()) return 'unknown';
  if (!exists(identity.pid)) return false;
  const startTicks = await startTicksOf(identity.pid);
  return identity.startTicks === 0 || startTicks === undefined || startTicks === identity.startTicks;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function startTicksOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const ticks = Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  return Number.isSafeInteger(ticks) && ticks > 0 ? ticks : undefined;
}
