import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * Programs of the distribution that tests, examples and measurements use, and the packages that bring them. A path that
 * begins with `unpacked:` lies below {@link unpackedFolder}: of software that excludes its like (Debian's FTP servers do)
 * only the files are fetched, nothing is installed but the libraries they need.
 */
const prerequisites = {
  mariadb: {
    packages: ['mariadb-server'],
    programs: [
      '/usr/sbin/mariadbd',
      '/usr/bin/mariadb',
      '/usr/bin/mariadb-dump',
      '/usr/bin/mariadb-install-db',
    ],
  },
  rpm: { packages: ['rpm'], programs: ['/usr/bin/rpm', '/usr/bin/rpmbuild'] },
  zip: { packages: ['zip'], programs: ['/usr/bin/zip'] },
  unzip: { packages: ['unzip'], programs: ['/usr/bin/unzip'] },
  python: { packages: ['python3'], programs: ['/usr/bin/python3'] },
  java: { packages: ['default-jdk-headless'], programs: ['/usr/bin/java', '/usr/bin/javac'] },
  strace: { packages: ['strace'], programs: ['/usr/bin/strace'] },
  curl: { packages: ['curl'], programs: ['/usr/bin/curl'] },
  wget: { packages: ['wget'], programs: ['/usr/bin/wget'] },
  openssl: { packages: ['openssl'], programs: ['/usr/bin/openssl'] },
  tmux: { packages: ['tmux'], programs: ['/usr/bin/tmux'] },
  proftpd: {
    packages: ['proftpd-core'],
    programs: ['/usr/sbin/proftpd', '/usr/sbin/ftpasswd', '/usr/sbin/ftpquota'],
  },
  'pure-ftpd': {
    packages: ['pure-ftpd', 'pure-ftpd-common'],
    programs: ['unpacked:usr/sbin/pure-ftpd', 'unpacked:usr/bin/pure-pw'],
    libraries: ['libsodium23'],
  },
  vsftpd: {
    packages: ['vsftpd'],
    programs: ['unpacked:usr/sbin/vsftpd'],
    libraries: ['libcap2', 'libpam0g', 'libssl3', 'libwrap0'],
  },
  chromium: { packages: ['chromium'], programs: ['/usr/bin/chromium'] },
  pigz: { packages: ['pigz'], programs: ['/usr/bin/pigz'] },
  mydumper: { packages: ['mydumper'], programs: ['/usr/bin/mydumper'] },
} as const satisfies Record<
  string,
  {
    readonly packages: readonly string[];
    readonly programs: readonly string[];
    readonly libraries?: readonly string[];
  }
>;

export type Prerequisite = keyof typeof prerequisites;

/** What `npm test` needs in all; measurements need the rest. */
export const testPrerequisites: readonly Prerequisite[] = [
  'mariadb',
  'rpm',
  'zip',
  'unzip',
  'python',
  'java',
  'strace',
  'curl',
  'wget',
  'openssl',
  'tmux',
  'proftpd',
  'pure-ftpd',
  'vsftpd',
  'chromium',
];

/** Something is not installed and could not be; the message says what to do. */
export class MissingPrerequisites extends Error {
  override readonly name = 'MissingPrerequisites';
}

/**
 * Makes sure that programs are there: costs nothing when they are, else installs their packages from the distribution,
 * without starting any service.
 *
 * @throws MissingPrerequisites when that is not possible.
 */
export async function ensure(...names: readonly Prerequisite[]): Promise<void> {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const toInstall = missing
    .filter((name) => !isUnpacked(name))
    .flatMap((name) => prerequisites[name].packages);
  if (toInstall.length > 0) await installPackages(toInstall);
  for (const name of missing.filter(isUnpacked)) {
    await unpackPackages(name);
    // What is only unpacked brings no libraries along; its own needs are few.
    if (await lacksLibraries(name)) await installPackages(librariesOf(name));
  }
  const stillMissing = missing.filter((name) => !isInstalled(name));
  if (stillMissing.length > 0) throw new MissingPrerequisites(`not installed: ${stillMissing.join(', ')}`);
}

/** Whether all programs of a prerequisite are there. */
function isInstalled(name: Prerequisite): boolean {
  return prerequisites[name].programs.every((program) => existsSync(programPath(name, program)));
}

/** The absolute path of one of a prerequisite's programs, by its file name. */
export function programOf(name: Prerequisite, fileName: string): string {
  const program = prerequisites[name].programs.find((path) => path.endsWith(`/${fileName}`));
  if (program === undefined) throw new MissingPrerequisites(`${name} has no program ${fileName}`);
  return programPath(name, program);
}

/** Where the files of a package are that was not installed but only unpacked. */
function unpackedFolder(name: Prerequisite): string {
  // Below build/, which is two folders up from the compiled form of this file.
  return fileURLToPath(new URL(`../../unpacked/${name}/`, import.meta.url));
}

const run = promisify(execFile);

function isUnpacked(name: Prerequisite): boolean {
  return prerequisites[name].programs[0].startsWith('unpacked:');
}

async function lacksLibraries(name: Prerequisite): Promise<boolean> {
  const programs = prerequisites[name].programs.map((program) => programPath(name, program));
  const { stdout } = await run('ldd', programs);
  return stdout.includes('not found');
}

function librariesOf(name: Prerequisite): readonly string[] {
  const prerequisite = prerequisites[name];
  return 'libraries' in prerequisite ? prerequisite.libraries : [];
}

function programPath(name: Prerequisite, program: string): string {
  return program.startsWith('unpacked:')
    ? join(unpackedFolder(name), program.slice('unpacked:'.length))
    : program;
}

async function installPackages(packages: readonly string[]): Promise<void> {
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (!existsSync('/usr/bin/apt-get')) {
    throw new MissingPrerequisites(
      `missing packages: ${packages.join(', ')} (only Debian's are installed automatically)`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new MissingPrerequisites(`missing packages, and no right to install them. Run as root: ${command}`);
  }
  process.stdout.write(`Installing ${packages.join(', ')} …\n`);
  await withoutServices(async () => {
    const install = ['install', '--yes', '--no-install-recommends', ...packages];
    await aptGet(install).catch(async () => {
      // A machine that never did has no lists of packages, and old lists name packages that are gone.
      await aptGet(['update']);
      await aptGet(install);
    });
  });
}

async function unpackPackages(name: Prerequisite): Promise<void> {
  const { packages } = prerequisites[name];
  if (!existsSync('/usr/bin/apt-get')) {
    throw new MissingPrerequisites(
      `missing packages: ${packages.join(', ')} (only Debian's are fetched automatically)`,
    );
  }
  process.stdout.write(`Fetching ${packages.join(', ')} …\n`);
  const work = await mkdtemp(join(tmpdir(), 'unpack-'));
  try {
    // apt fetches as a user of its own when it can.
    await chmod(work, 0o777);
    const download = ['download', ...packages];
    await aptGet(download, work).catch(async () => {
      await aptGet(['update'], work);
      await aptGet(download, work);
    });
    for (const file of await readdir(work)) {
      if (file.endsWith('.deb')) await run('dpkg-deb', ['--extract', join(work, file), join(work, 'files')]);
    }
    await mkdir(dirname(unpackedFolder(name)), { recursive: true });
    await rm(unpackedFolder(name), { recursive: true, force: true });
    await run('cp', ['--archive', join(work, 'files'), `${unpackedFolder(name).replace(/\/$/u, '')}.new`]);
    await rename(`${unpackedFolder(name).replace(/\/$/u, '')}.new`, unpackedFolder(name));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function aptGet(args: readonly string[], cwd?: string): Promise<void> {
  try {
    await run('apt-get', ['-o', 'DPkg::Lock::Timeout=600', '-o', 'Acquire::Retries=3', '-qq', ...args], {
      cwd,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 2 ** 28,
      timeout: 900_000,
    });
  } catch (cause) {
    const words =
      cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim().slice(-1500) : String(cause);
    throw new MissingPrerequisites(`apt-get ${args.join(' ')} failed: ${words}`, { cause });
  }
}

/** Debian starts a server as soon as it is installed, unless this file forbids it. */
async function withoutServices(action: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' }).then(
    () => true,
    () => false,
  );
  try {
    await action();
  } finally {
    if (ours) await rm(policy, { force: true });
  }
}
