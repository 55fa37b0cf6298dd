import { randomBytes } from 'node:crypto';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { logFor } from './log.js';
import { isAlive, ownIdentity } from './process-identity.js';

const log = logFor('image');

const PREFIX = '.gateway-backup-';
const PATTERN = /^\.gateway-backup-(.+)-(\d+)-(\d+)-[0-9a-f]{16}\.part$/;

/** A name for a staged image that says whose it is, so that a later run can tell a leftover from work in progress. */
export function stagingName(): string {
  const { host, pid, startTicks } = ownIdentity();
  return `${PREFIX}${encodeHost(host)}-${pid}-${startTicks}-${randomBytes(8).toString('hex')}.part`;
}

/**
 * Removes the staged images in a folder whose process is gone. Those of living processes, of other hosts, and everything
 * that is not a regular file stay. Never throws. Returns the paths removed.
 */
export async function clearLeftovers(directory: string): Promise<readonly string[]> {
  const removed: string[] = [];
  const names = await readdir(directory).catch((): string[] => []);
  for (const name of names) {
    const match = PATTERN.exec(name);
    if (match === null) continue;
    const path = join(directory, name);
    try {
      const pid = Number(match[2]);
      const alive = isAlive({ host: decodeURIComponent(match[1]!), pid, startTicks: Number(match[3]) });
      if (alive !== false || !(await lstat(path)).isFile()) continue;
      await unlink(path);
      removed.push(path);
    } catch (error) {
      log('leftover %s stays: %s', path, error);
    }
  }
  return removed;
}

/** A host's name is mostly plain already; what could end a file name or a field is escaped. */
function encodeHost(host: string): string {
  return encodeURIComponent(host);
}
