import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errnoOf } from './errno.js';

/**
 * Names a process so that it can be told from a later one with the same number.
 */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** Start time in clock ticks since boot, from `/proc`; `0` where there is none. */
  readonly startTicks: number;
  /** Since which start of the machine the ticks count, if known. */
  readonly boot?: string | undefined;
  /** The set of process numbers that `pid` is one of, if known: a container has its own. */
  readonly namespace?: string | undefined;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  const start = startOf(pid);
  return {
    host: hostname(),
    pid,
    startTicks: start === 'ended' ? 0 : (start ?? 0),
    boot: bootId(),
    namespace: pidNamespace(),
  };
}

/**
 * Whether that process still runs. `unknown` for one on another host or in another set of process numbers. Where start
 * times cannot be had, any process of this number counts as the same one. One that has ended and only waits to be
 * cleared away by its parent does not run.
 */
export function isAlive(identity: ProcessIdentity): boolean | 'unknown' {
  if (identity.host !== hostname() || differ(identity.namespace, pidNamespace())) return 'unknown';
  if (differ(identity.boot, bootId()) || !isRunning(identity.pid)) return false;
  const start = startOf(identity.pid);
  if (start === 'ended') return false;
  return identity.startTicks === 0 || start === undefined || start === identity.startTicks;
}

function differ(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

/** Whether some process has this number now. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled, but it is there.
    return errnoOf(error) === 'EPERM';
  }
}

function startOf(pid: number): number | 'ended' | undefined {
  const stat = text(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
  const ticks = Number(fields[19]);
  return Number.isSafeInteger(ticks) && ticks > 0 ? ticks : undefined;
}

function bootId(): string | undefined {
  return text('/proc/sys/kernel/random/boot_id')?.trim();
}

function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
