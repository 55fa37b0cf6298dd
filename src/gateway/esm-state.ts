import { readFile, stat } from 'node:fs/promises';
import type { GatewayFacts } from './gateway-facts.js';
import { isRunning } from '../support/process-identity.js';
import type { GatewayLayout } from './gateway-layout.js';

/**
 * Whether the Enterprise Service Manager is installed, and whether it runs: its pid file names a live process. A stale
 * pid file does not count.
 */
export async function detectEsm(layout: GatewayLayout): Promise<GatewayFacts['esm']> {
  const installed = await isDirectory(layout.esm);
  const text = await readFile(layout.esmPid, 'latin1').catch(() => undefined);
  const pid = /^\s*(\d{1,10})\s*$/.exec(text ?? '')?.[1];
  if (!installed || pid === undefined) return { installed, running: false };
  const number = Number(pid);
  return number > 0 && isRunning(number)
    ? { installed, running: true, pid: number }
    : { installed, running: false };
}

/** Whether a folder is there, and can be looked at; follows links. */
export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
