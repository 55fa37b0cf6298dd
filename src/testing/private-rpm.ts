import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackupError } from '../errors.js';
import { findProgram } from './find-program.js';
import { runProgram } from './run-program.js';

/**
 * A package of a {@link PrivateRpm}.
 *
 * @public
 */
export interface PrivateRpmPackage {
  /** For example `ssg-jms`. */
  readonly name: string;
  /** Default: `9.4.00`. */
  readonly version?: string | undefined;
  /** Absolute paths of the files that the package owns. */
  readonly files: readonly string[];
}

/**
 * A package database of one's own, with packages built on the spot; the system's is neither asked nor changed.
 *
 * @example
 * ```ts
 * await using gateway = await createSampleGateway();
 * const jar = gateway.resolve('Gateway', 'runtime', 'lib', 'ext', 'jms-gateway.jar');
 * await using rpm = await PrivateRpm.create([{ name: 'ssg-jms', files: [jar] }]);
 * // rpm.program -qf --qf '%{NAME}\n' -- <jar>   prints   ssg-jms
 * ```
 *
 * @public
 */
export class PrivateRpm implements AsyncDisposable {
  /** Path of an `rpm` program that looks into this database. */
  readonly program: string;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.program = join(directory, 'rpm');
  }

  /** Whether the programs that this class runs are installed. */
  static isInstalled(): boolean {
    return findProgram('rpm') !== undefined && findProgram('rpmbuild') !== undefined;
  }

  /**
   * Builds and registers the packages; about half a second for all of them together.
   *
   * @throws BackupError `INTERNAL`, reason `not-installed` or `program-failed`.
   */
  static async create(packages: readonly PrivateRpmPackage[]): Promise<PrivateRpm> {
    const rpm = findProgram('rpm');
    const rpmbuild = findProgram('rpmbuild');
    if (rpm === undefined || rpmbuild === undefined) {
      throw new BackupError('INTERNAL', 'rpm is not installed: rpm or rpmbuild is missing', {
        stage: 'service',
        reason: 'not-installed',
        hint: 'Install it, on Debian with: apt-get install rpm',
      });
    }
    const directory = await mkdtemp(join(tmpdir(), 'private-rpm-'));
    const own = new PrivateRpm(directory);
    try {
      const database = `--dbpath=${join(directory, 'database')}`;
      await runProgram(rpm, ['--initdb', database]);
      for (const description of packages) await build(rpmbuild, directory, description);
      if (packages.length > 0) {
        const built = packages.map((description) => packageFile(directory, description));
        await runProgram(rpm, [
          '--install',
          '--justdb',
          '--nodeps',
          '--noscripts',
          '--ignorearch',
          database,
          ...built,
        ]);
      }
      await writeFile(own.program, `#!/bin/sh\nexec '${rpm}' '${database}' "$@"\n`, { mode: 0o755 });
      return own;
    } catch (error) {
      await own.remove();
      throw error;
    }
  }

  /** Removes the database. May be called again. */
  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Removes it, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}

async function build(rpmbuild: string, directory: string, description: PrivateRpmPackage): Promise<void> {
  const { name, version = '9.4.00', files } = description;
  const spec = join(directory, `${name}.spec`);
  await mkdir(join(directory, 'built'), { recursive: true });
  const lines = [
    `Name: ${name}`,
    `Version: ${version}`,
    'Release: 1',
    'Summary: Sample',
    'License: None',
    'BuildArch: noarch',
    'AutoReqProv: no',
    '%description',
    'Sample',
    '%files',
    // Ghosts are owned without being packed, so nothing needs to be staged.
    ...files.map((path) => `%ghost "${path}"`),
    '',
  ];
  await writeFile(spec, lines.join('\n'));
  const define = (macro: string, value: string) => ['--define', `${macro} ${value}`];
  await runProgram(rpmbuild, [
    '-bb',
    '--quiet',
    '--nodeps',
    ...define('_topdir', join(directory, 'work')),
    ...define('_rpmdir', join(directory, 'built')),
    ...define('_build_name_fmt', '%%{NAME}.rpm'),
    ...define('_dbpath', join(directory, 'database')),
    spec,
  ]);
}

function packageFile(directory: string, { name }: PrivateRpmPackage): string {
  return join(directory, 'built', `${name}.rpm`);
}
