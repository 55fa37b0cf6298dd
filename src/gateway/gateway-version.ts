import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { readZipEntry } from '../image/read-zip-entry.js';
import type { AbortableOptions } from '../support/abort.js';
import { isDirectory } from './esm-state.js';
import type { GatewayLayout } from './gateway-layout.js';

/** How the version is looked for. */
export interface GatewayVersionOptions extends AbortableOptions {
  readonly rpmProgram: string;
  readonly rpmTimeoutMs: number;
  /** Where the rpm database is looked for that is asked. */
  readonly hostRoot: string;
}

const plausible = /^[0-9][0-9A-Za-z._-]{0,63}$/;

/**
 * The Gateway's version as its files tell it: the manifest of Gateway.jar, else the package `ssg`. `undefined` leaves it
 * to the database's `ssg_version` table.
 */
export async function detectGatewayVersion(
  layout: GatewayLayout,
  options: GatewayVersionOptions,
): Promise<string | undefined> {
  return (await versionOfJar(layout.gatewayJar)) ?? (await versionOfPackage(options));
}

/** A version must be one short word: it becomes an entry that the restore compares. */
export function isPlausibleVersion(version: string): boolean {
  return plausible.test(version);
}

async function versionOfJar(jar: string): Promise<string | undefined> {
  const manifest = await readZipEntry(jar, 'META-INF/MANIFEST.MF', 1024 * 1024).catch(() => undefined);
  if (manifest === undefined) return undefined;
  // A manifest wraps its lines at 72 bytes; a line that goes on begins with a space.
  const text = manifest.toString('utf8').replace(/\r?\n /g, '');
  const version = /^Implementation-Version:[ \t]*(\S+)[ \t]*\r?$/im.exec(text)?.[1];
  return version !== undefined && isPlausibleVersion(version) ? version : undefined;
}

async function versionOfPackage(options: GatewayVersionOptions): Promise<string | undefined> {
  const { hostRoot } = options;
  const database = join(hostRoot, 'var', 'lib', 'rpm');
  // A query creates a database where there is none, and a machine that is only looked at must not be changed.
  if (!(await isDirectory(database))) return undefined;
  const root = hostRoot === '/' ? [] : ['--dbpath', database];
  return new Promise((resolve) => {
    execFile(
      options.rpmProgram,
      [...root, '-q', '--qf', '%{VERSION}\\n', 'ssg'],
      {
        timeout: options.rpmTimeoutMs,
        killSignal: 'SIGKILL',
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      // No rpm program, no package, a hanging rpm: the next source is asked.
      (error, stdout) => {
        const version = stdout.trim();
        resolve(error === null && isPlausibleVersion(version) ? version : undefined);
      },
    );
  });
}
