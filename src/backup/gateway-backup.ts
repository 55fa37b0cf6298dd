import { basename, dirname, join, resolve } from 'node:path';
import { defaultCollectors } from '../collectors/default-collectors.js';
import { BackupError, isBackupError } from '../errors.js';
import { detectGateway, type DetectedGateway } from '../gateway/detect-gateway.js';
import type { BackupOptions } from '../options/backup-options.js';
import { resolveOptions, type ResolvedOptions } from '../options/resolve-options.js';
import { switchTable, type SwitchOption } from '../options/switches.js';
import { BackupPlan } from '../plan/backup-plan.js';
import type { BackupReport } from '../report.js';
import { FtpSink } from '../sinks/ftp-sink.js';
import type { ImageSink } from '../sinks/image-sink.js';
import { LocalFileSink } from '../sinks/local-file-sink.js';
import { retryingSink } from '../sinks/retrying-sink.js';
import { cancelled, throwIfCancelled, type AbortableOptions } from '../support/abort.js';
import { checkTargetFile } from '../support/target-file.js';
import { BackupRun } from './backup-run.js';
import type { PreparedBackup } from './prepared-backup.js';
import { sinkContext } from './sink-context.js';
import { resolveGatewayOptions, type ResolvedGatewayOptions } from './resolve-gateway-options.js';
import type { BackupRunOptions, GatewayBackupOptions } from './gateway-backup-options.js';
import { versionUnknown } from './gateway-version-unknown.js';
import { stampedName } from './image-name.js';
import { LinkedSignal } from './linked-signal.js';

/**
 * Backs up one gateway node.
 *
 * @example
 * ```ts
 * const backup = new GatewayBackup({ gatewayRoot: '/opt/SecureSpan' });
 * const plan = await backup.plan({ image: 'node1.zip' });
 * console.log(plan.toString());
 * const report = await backup.run({ image: 'node1.zip' }, { signal: AbortSignal.timeout(3_600_000) });
 * ```
 *
 * @public
 */
export class GatewayBackup {
  readonly #gateway: ResolvedGatewayOptions;

  /** @throws BackupError `INVALID_OPTIONS` */
  constructor(options: GatewayBackupOptions = {}) {
    this.#gateway = resolveGatewayOptions(options, (rpm) => defaultCollectors({ ext: rpm }));
  }

  /**
   * Says what a backup would take, why, and how big it is. Looks, and changes nothing.
   *
   * @throws BackupError as {@link GatewayBackup.run} does before its work begins.
   */
  async plan(options: BackupOptions, { signal }: AbortableOptions = {}): Promise<BackupPlan> {
    using link = new LinkedSignal(signal);
    const prepared = await this.#prepare(options, undefined, link.signal);
    return await new BackupRun(prepared, undefined, link.signal).estimate();
  }

  /**
   * Makes one image and stores it.
   *
   * @returns the report of a run that made an image: `success`, or `partial` when a component failed.
   * @throws BackupError when there is no image; its `report` says what was done, if the run had begun.
   */
  async run(options: BackupOptions, { signal, sink, onEvent }: BackupRunOptions = {}): Promise<BackupReport> {
    using link = new LinkedSignal(signal);
    throwIfCancelled(link.signal, 'options');
    // 1. options, gateway, plan: pure checks and reading
    const prepared = await this.#prepare(options, sink, link.signal);
    // 2. targets: reachable and free, before any work
    await checkTargets(prepared, link.signal);
    // 3. the run itself
    return await new BackupRun(prepared, onEvent, link.signal).run();
  }

  async #prepare(
    backupOptions: BackupOptions,
    sink: ImageSink | undefined,
    signal: AbortSignal,
  ): Promise<PreparedBackup> {
    const options = resolveOptions(backupOptions);
    const gateway = this.#gateway;
    const startedAt = gateway.now();
    const detected = await detectGateway({ ...gateway, signal });
    if (detected.facts.version === undefined && !detected.facts.database.local) throw versionUnknown();
    const plan = BackupPlan.create(backupOptions, detected.facts, gateway.collectors);
    const imagePath = imagePathOf(options, gateway, detected);
    return {
      options,
      gateway,
      detected,
      plan,
      sink: sink ?? sinkFor(options, imagePath),
      imageName: stampedName(basename(imagePath), startedAt),
      mappingTemplate:
        options.mappingTemplate === undefined
          ? undefined
          : resolve(gateway.currentDirectory, options.mappingTemplate),
      startedAt,
    };
  }
}

/**
 * {@link GatewayBackup.run} in one call.
 *
 * @example
 * ```ts
 * const report = await runBackup({ image: 'node1.zip', includeAudits: true });
 * console.log(report.status, report.image?.path);
 * ```
 *
 * @public
 */
export async function runBackup(
  options: BackupOptions,
  host: GatewayBackupOptions & BackupRunOptions = {},
): Promise<BackupReport> {
  const { signal, sink, onEvent, ...gateway } = host;
  return new GatewayBackup(gateway).run(options, { signal, sink, onEvent });
}

/** Paths are resolved once, before any check. On an FTP server they stay as they are: its folders are not ours. */
function imagePathOf(
  { image, ftp }: ResolvedOptions,
  { currentDirectory }: ResolvedGatewayOptions,
  { layout }: DetectedGateway,
): string {
  if (/[/\\]$/.test(image) || ['.', '..'].includes(basename(image))) {
    throw new BackupError(
      'INVALID_OPTIONS',
      `-image (option image): ${image} is a folder; add a file name.`,
      {
        stage: 'options',
        reason: 'wrong-value',
      },
    );
  }
  if (ftp !== undefined) return image;
  return dirname(image) === '.' && !image.startsWith('.')
    ? join(layout.images, image)
    : resolve(currentDirectory, image);
}

function sinkFor({ ftp }: ResolvedOptions, imagePath: string): ImageSink {
  return ftp === undefined
    ? new LocalFileSink(imagePath)
    : retryingSink(new FtpSink({ ...ftp, remotePath: imagePath }));
}

/** Both files that a run makes: their folders are there and writable, their names are free. Leaves nothing behind. */
async function checkTargets(prepared: PreparedBackup, signal: AbortSignal): Promise<void> {
  const { sink, imageName, mappingTemplate } = prepared;
  try {
    await sink.prepare?.(imageName, sinkContext(signal));
  } catch (error) {
    if (signal.aborted) throw cancelled(signal, 'store');
    throw sink instanceof LocalFileSink ? naming('image', error) : error;
  }
  if (mappingTemplate === undefined) return;
  await checkTargetFile(mappingTemplate, 'mapping').catch((error: unknown) => {
    throw naming('mappingTemplate', error);
  });
}

/** What a local file refuses is an invalid argument of the option that named it. */
function naming(option: SwitchOption, error: unknown): unknown {
  if (!isBackupError(error) || error.code !== 'SINK_REJECTED') return error;
  const message = `${switchTable[option].switch} (option ${option}): ${error.message}`;
  return new BackupError('INVALID_OPTIONS', message, {
    stage: 'options',
    reason: error.reason,
    cause: error,
  });
}
