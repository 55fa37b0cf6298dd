import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { kill, pid } from 'node:process';

/**
 * A process, so exactly that another one with the same number is not taken for it.
 *
 * @internal
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** When it began, in words of the system; `null` where the system does not say. */
  readonly start: string | null;
  /** In which set of process numbers its number counts; `null` where there is only one. */
  readonly namespace: string | null;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid, host: hostname(), start: startOf(pid) ?? null, namespace: ownNamespace() };
}

/**
 * Whether a process still runs. `unknown`: it is one of another machine, or of another set of process numbers.
 *
 * @internal
 */
export function livenessOf(identity: ProcessIdentity): 'alive' | 'gone' | 'unknown' {
  if (identity.host !== hostname() || identity.namespace !== ownNamespace()) return 'unknown';
  if (!hasProcess(identity.pid)) return 'gone';
  const start = startOf(identity.pid);
  // Its number may have been given to another process since; without start times the safe answer is that it lives.
  return start === 'ended' || (start !== undefined && identity.start !== null && start !== identity.start)
    ? 'gone'
    : 'alive';
}

function hasProcess(number: number): boolean {
  try {
    kill(number, 0);
    return true;
  } catch (error) {
    // Anything else means that it is there and belongs to somebody else.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/**
 * A text that differs for two processes with one number, also across a restart of the machine; `ended` for one that
 * only waits to be cleared away.
 */
function startOf(number: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${number}/stat`, 'latin1');
    // The second field is the program's name in parentheses and may hold anything, even parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    if (state === 'Z' || state === 'X') return 'ended';
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const ticks = fields[19];
    return ticks === undefined ? undefined : `${boot}/${ticks}`;
  } catch {
    return undefined;
  }
}

function ownNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}
