import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BLOCK_BYTES, blockPool } from '#dist/image/block-pool.js';
import { StagedImage } from '#dist/image/staged-image.js';
import { bytesEntry } from 'gateway-backup';
import { addSampleRecord } from '../test/support/sample-image.js';

/** Figures of one image of one large entry. */
export interface ImageThroughput {
  readonly content: 'text' | 'hex' | 'mixed';
  readonly level: number;
  readonly mibPerSecond: number;
  /** Of all threads, for each GiB of content. */
  readonly cpuSecondsPerGib: number;
  /** Size of the image to that of its content. */
  readonly ratio: number;
  readonly confirmMs: number;
  readonly fullConfirmMs: number;
}

/** Writes images of one large entry each, and reads them back. */
export async function measureImageThroughput(mib: number): Promise<ImageThroughput[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-image-'));
  const figures: ImageThroughput[] = [];
  try {
    for (const content of ['text', 'hex', 'mixed'] as const) {
      for (const level of [1, 3, 6]) figures.push(await measure(folder, content, level, mib));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return figures;
}

async function measure(
  folder: string,
  content: ImageThroughput['content'],
  level: number,
  mib: number,
): Promise<ImageThroughput> {
  await using staged = await StagedImage.create(folder, 'bench.zip', { level });
  await staged.writer.addOwn(bytesEntry('version', '9.4.00'));
  const cpu = process.cpuUsage();
  const started = performance.now();
  await staged.writer.add('ext', { path: 'large', open: () => blocks(content, mib) });
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await addSampleRecord(staged.writer, ['ext']);
  await staged.finish();
  return {
    content,
    level,
    mibPerSecond: mib / seconds,
    cpuSecondsPerGib: ((user + system) / 1e6 / mib) * 1024,
    ratio: staged.bytes / (mib * BLOCK_BYTES),
    confirmMs: await timed(() => staged.confirm()),
    fullConfirmMs: await timed(() => staged.confirm({ full: true })),
  };
}

async function* blocks(content: ImageThroughput['content'], mib: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < mib; i++) {
    const block = blockPool.acquire();
    const samples = content === 'hex' || (content === 'mixed' && i % 3 === 2) ? hex : text;
    samples[i % samples.length]!.copy(block);
    yield block;
    await Promise.resolve();
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const hex = Array.from({ length: 8 }, () => Buffer.from(randomBytes(BLOCK_BYTES / 2).toString('hex')));
const text = Array.from({ length: 8 }, (_, i) => Buffer.from(policyText(i)));

/** Policy XML as it stands in a dump: few words, many of them again and again, and numbers that differ. */
function policyText(seed: number): string {
  const words =
    'policy All HttpRoutingAssertion ProtectedServiceUrl stringValue booleanValue Enabled audit node'.split(
      ' ',
    );
  let state = seed + 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  const word = (): string => words[next(words.length)]!;
  let out = '';
  while (out.length < BLOCK_BYTES)
    out += `<L7p:${word()} ${word()}=\\"${word()}${next(1e6)}\\">${word()}</L7p:${word()}>\\n`;
  return out.slice(0, BLOCK_BYTES);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.table(await measureImageThroughput(Number(process.argv[2] ?? 256)));
}
