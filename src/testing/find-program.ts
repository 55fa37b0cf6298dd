import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

// Server programs live in sbin folders that an ordinary user's PATH leaves out, so PATH is not asked.
const folders = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
  '/usr/libexec',
  '/opt/homebrew/bin',
];

/**
 * The first of the named programs that is installed in one of the usual folders.
 *
 * @param names - Alternatives, best first.
 * @returns Its absolute path, or `undefined`.
 * @internal
 */
export function findProgram(...names: readonly string[]): string | undefined {
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
