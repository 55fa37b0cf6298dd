import { spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createSampleGateway } from 'gateway-backup/testing';

/** One program's way of packing the same files. */
export interface FileTreeFigure {
  readonly program: string;
  /** Wall time of the whole command, the median. */
  readonly seconds: number;
  /** User and system time of the same, the median. */
  readonly cpuSeconds: number;
  readonly imageMiB: number;
}

/** What is packed. */
export interface FileTreeOptions {
  readonly files: number;
  readonly bytesPerFile: number;
  readonly rounds: number;
}

/**
 * Library extensions by the thousand: the whole command against `zip -r -q` on the same folder, in turns. The files are
 * incompressible, as the inside of a jar is.
 */
export async function measureFileTree({
  files,
  bytesPerFile,
  rounds,
}: FileTreeOptions): Promise<FileTreeFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-files-'));
  await using gateway = await createSampleGateway();
  try {
    const ext = join(gateway.gatewayRoot, 'Gateway/runtime/lib/ext');
    makeJars(ext, files, bytesPerFile);
    const image = join(folder, 'image.zip');
    const commands = {
      ssgbackup: [
        process.execPath,
        fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)),
        ...['-image', image, '-ext', '--root', gateway.gatewayRoot, '--host-root', gateway.hostRoot],
        ...['--gateway-version', '9.4.00', '--no-progress'],
      ],
      'zip -r -q': ['zip', '-r', '-q', image, ext],
    };
    const runs = Object.keys(commands).map((program) => ({
      program,
      measured: [] as Omit<FileTreeFigure, 'program'>[],
    }));
    for (let round = 0; round < rounds; round++) {
      for (const [index, [program, ...args]] of Object.values(commands).entries()) {
        const times = await timed(program!, args);
        const [name] = readdirSync(folder);
        if (name === undefined) throw new Error(`${program} made no image`);
        runs[index]!.measured.push({ ...times, imageMiB: statSync(join(folder, name)).size / 2 ** 20 });
        rmSync(join(folder, name));
      }
    }
    return runs.map(({ program, measured }) => ({
      program,
      seconds: median(measured.map(({ seconds }) => seconds)),
      cpuSeconds: median(measured.map(({ cpuSeconds }) => cpuSeconds)),
      imageMiB: median(measured.map(({ imageMiB }) => imageMiB)),
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function makeJars(folder: string, files: number, bytesPerFile: number): void {
  const content = Buffer.alloc(bytesPerFile);
  for (let index = 0; index < files; index++) {
    const parent = join(folder, `vendor-${index % 20}`);
    if (!existsSync(parent)) mkdirSync(parent, { recursive: true });
    writeFileSync(join(parent, `library-${index}.jar`), randomFillSync(content));
  }
}

/** `time` counts the children's time as well, which Node cannot tell of one child. */
function timed(program: string, args: readonly string[]): Promise<{ seconds: number; cpuSeconds: number }> {
  return new Promise((resolve, reject) => {
    const shell = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>&1';
    const child = spawn('bash', ['-c', shell, 'bash', program, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', reject);
    child.once('close', (exitCode) => {
      const [seconds = NaN, user = NaN, system = NaN] = said.trim().split(' ').map(Number);
      if (exitCode === 0) resolve({ seconds, cpuSeconds: user + system });
      else reject(new Error(`${program} ended with ${String(exitCode)}: ${said}`));
    });
  });
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [files = 20_000, bytesPerFile = 15_000, rounds = 3] = process.argv.slice(2).map(Number);
  const figures = await measureFileTree({ files, bytesPerFile, rounds });
  console.table(figures);
  const [ours, peer] = figures;
  console.log(`ratio of wall time: ${(ours!.seconds / peer!.seconds).toFixed(3)}`);
}
