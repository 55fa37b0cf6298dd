import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackupError, type BackupImage } from 'gateway-backup';
import type { BackupRunner } from 'gateway-backup/service';

type BackupOptions = Parameters<BackupRunner['run']>[0];
type BackupRunOptions = NonNullable<Parameters<BackupRunner['run']>[1]>;
type BackupReport = Awaited<ReturnType<BackupRunner['run']>>;

/** A backup that can be held, failed and watched; the image is a file of any bytes. */
export class StandInBackup implements BackupRunner {
  content: Buffer = Buffer.from('PK image of the stand-in');
  /** Components that fail. */
  failed: readonly string[] = [];
  /** Thrown instead of an image. */
  error: Error | undefined;
  /** The image lies about its size, or cannot be read. */
  spoil: ((image: BackupImage) => BackupImage) | undefined;
  readonly runs: BackupOptions[] = [];
  running = 0;
  mostAtOnce = 0;
  cancelled = 0;
  #hold: Promise<void> | undefined;

  /** Backups wait until the returned function is called. */
  hold(): () => void {
    let release: () => void = () => undefined;
    this.#hold = new Promise((resolve) => {
      release = () => {
        this.#hold = undefined;
        resolve();
      };
    });
    return release;
  }

  async run(options: BackupOptions, run: BackupRunOptions = {}): Promise<BackupReport> {
    this.runs.push(options);
    this.running++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    try {
      return await this.#run(run);
    } finally {
      this.running--;
    }
  }

  async #run({
    signal = new AbortController().signal,
    sink,
    onEvent,
  }: BackupRunOptions): Promise<BackupReport> {
    if (this.#hold !== undefined) await Promise.race([this.#hold, whenAborted(signal)]);
    if (signal.aborted) {
      this.cancelled++;
      throw new BackupError('CANCELLED', 'cancelled', { stage: 'collect', cause: signal.reason });
    }
    if (this.error !== undefined) throw this.error;
    for (const component of this.failed) {
      onEvent?.({
        type: 'component-finished',
        report: {
          component,
          status: 'failed',
          code: 'SOURCE_UNREADABLE',
          reason: 'made to fail',
          entries: 0,
          bytes: 0,
          durationMs: 1,
        },
      });
    }
    const folder = await mkdtemp(join(tmpdir(), 'stand-in-'));
    try {
      const path = join(folder, 'image.zip');
      await writeFile(path, this.content, { mode: 0o600 });
      const sha256 = createHash('sha256').update(this.content).digest('hex');
      const image: BackupImage = {
        name: 'image.zip',
        bytes: this.content.length,
        sha256,
        path,
        open: () => createReadStream(path),
      };
      const context = { signal, log: () => undefined, progress: () => undefined, warn: () => undefined };
      const stored = await sink!.store(this.spoil?.(image) ?? image, context);
      return {
        status: this.failed.length === 0 ? 'success' : 'partial',
        image: { path: stored.path, bytes: image.bytes, sha256 },
        components: [],
        warnings: [],
        startedAt: new Date(),
        durationMs: 1,
      };
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
    if (signal.aborted) resolve();
  });
}
