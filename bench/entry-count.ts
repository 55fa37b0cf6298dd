import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { fileSources } from '#dist/collectors/file-sources.js';
import { ImageWriter } from 'gateway-backup';
import { ensure } from '../test/support/prerequisites.js';

/** Figures of many small files, medians. */
export interface EntryCount {
  readonly files: number;
  readonly mib: number;
  readonly imageMs: number;
  readonly zipMs: number;
  readonly ratio: number;
}

/** A folder of jars into an image, against `zip -r -q` of the same folder, in turns. */
export async function measureEntryCount(files: number, mib: number, rounds = 3): Promise<EntryCount> {
  await ensure('zip');
  const folder = await mkdtemp(join(tmpdir(), 'bench-entries-'));
  try {
    await makeJars(join(folder, 'jars'), files, (mib * 2 ** 20) / files);
    const image: number[] = [];
    const zip: number[] = [];
    for (let round = 0; round < rounds; round++) {
      image.push(await timed(() => writeImage(folder)));
      zip.push(await timed(() => execFileSync('zip', ['-r', '-q', 'peer.zip', 'jars'], { cwd: folder })));
      await rm(join(folder, 'image.zip'));
      await rm(join(folder, 'peer.zip'));
    }
    const imageMs = median(image);
    const zipMs = median(zip);
    return { files, mib, imageMs, zipMs, ratio: imageMs / zipMs };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeImage(folder: string): Promise<void> {
  const { signal } = new AbortController();
  const ignore = (): void => undefined;
  const { files } = fileSources({
    gatewayRoot: folder,
    hostRoot: folder,
    warn: ignore,
    annotate: ignore,
    signal,
  });
  const writer = await ImageWriter.create(join(folder, 'image.zip'), { signal });
  await writer.addAll('ext', files(join(folder, 'jars')));
  await writer.finish();
}

/** Files that look like jars: compressed bytes of many sizes around a mean. */
async function makeJars(folder: string, files: number, meanBytes: number): Promise<void> {
  for (let i = 0; i < files; i++) {
    if (i % 500 === 0) await mkdir(join(folder, `d${i / 500}`), { recursive: true });
    const spread = (createHash('md5').update(String(i)).digest().readUInt16LE(0) / 65_536) * 2;
    const content = deflateRawSync(randomBytes(Math.floor(100 + meanBytes * spread)), { level: 1 });
    await writeFile(join(folder, `d${Math.floor(i / 500)}`, `library${i}.jar`), content);
  }
}

async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.table([await measureEntryCount(Number(process.argv[2] ?? 20_000), Number(process.argv[3] ?? 300))]);
}
