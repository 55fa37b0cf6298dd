import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../architecture/source-files.js';
import { npm } from '../support/npm.js';

/** What `npm pack --json` says. */
export interface PackedPackage {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

/** An empty project with nothing but this package, from its tarball. */
export interface InstalledPackage extends AsyncDisposable {
  readonly folder: string;
  readonly tarball: string;
  readonly packed: PackedPackage;
  /** Runs a program inside the project; rejects if it does not end with 0. */
  run(
    program: string,
    args: readonly string[],
  ): Promise<{ readonly stdout: string; readonly stderr: string }>;
  /** Puts a file into the project. */
  write(name: string, content: string): Promise<string>;
}

const execute = promisify(execFile);

/** Packs what was built and installs the tarball where nothing else is. */
export async function installPackage(): Promise<InstalledPackage> {
  const root = await mkdtemp(join(tmpdir(), 'installed-package-'));
  const remove = () => rm(root, { recursive: true, force: true });
  try {
    // Built already; a build now would get in the way of the other tests.
    const packed = (
      JSON.parse(
        await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', root], projectRoot),
      ) as PackedPackage[]
    )[0]!;
    const tarball = join(root, packed.filename);
    const folder = join(root, 'project');
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
    await npm(['install', tarball], folder);
    return {
      folder,
      tarball,
      packed,
      run: (program, args) =>
        execute(program, args, {
          cwd: folder,
          timeout: 120_000,
          env: { PATH: process.env['PATH'] ?? '', HOME: root },
        }),
      write: async (name, content) => {
        const path = join(folder, name);
        await writeFile(path, content);
        return path;
      },
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** This package's own description. */
export async function ownPackageJson(): Promise<{
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}> {
  return JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')) as Awaited<
    ReturnType<typeof ownPackageJson>
  >;
}
