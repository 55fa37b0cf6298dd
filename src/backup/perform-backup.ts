import { basename, join, resolve } from 'node:path';
import { BackupError, isBackupError } from '../errors.js';
import { detectGateway, type DetectedGateway } from '../gateway/detect-gateway.js';
import type { BackupOptions } from '../options/backup-options.js';
import { invalidOption } from '../options/option-checks.js';
import { resolveOptions, type ResolvedOptions } from '../options/resolve-options.js';
import { switchTable, type SwitchOption } from '../options/switches.js';
import { BackupPlan } from '../plan/backup-plan.js';
import type { CompletedReport } from '../report.js';
import { FtpSink } from '../sinks/ftp-sink.js';
import type { ImageSink } from '../sinks/image-sink.js';
import { LocalFileSink } from '../sinks/local-file-sink.js';
import { retryingSink } from '../sinks/retrying-sink.js';
import { cancelled, orAbandoned, throwIfCancelled, type AbortableOptions } from '../support/abort.js';
import { checkTargetFile } from '../support/target-file.js';
import { BackupRun } from './backup-run.js';
import type { BackupRunOptions } from './gateway-backup-options.js';
import { versionUnknown } from './gateway-version-unknown.js';
import { stampedName } from './image-name.js';
import { LinkedSignal } from './linked-signal.js';
import { sinkFailure } from './run-failure.js';
import type { PreparedBackup } from './prepared-backup.js';
import type { ResolvedGatewayOptions } from './resolve-gateway-options.js';
import { sinkContext } from './sink-context.js';

/** The work of `GatewayBackup.plan`. */
export async function planBackup(
  options: BackupOptions,
  gateway: ResolvedGatewayOptions,
  { signal }: AbortableOptions,
): Promise<BackupPlan> {
  using link = new LinkedSignal(signal);
  const prepared = await prepareBackup(options, gateway, undefined, link.signal);
  return await new BackupRun(prepared, undefined, link.signal).estimate();
}

/** The work of `GatewayBackup.run`. */
export async function performBackup(
  options: BackupOptions,
  gateway: ResolvedGatewayOptions,
  { signal, sink, onEvent }: BackupRunOptions,
): Promise<CompletedReport> {
  using link = new LinkedSignal(signal);
  throwIfCancelled(link.signal, 'options');
  // 1. options, gateway, plan: pure checks and reading
  const prepared = await prepareBackup(options, gateway, sink, link.signal);
  // 2. targets: reachable and free, before any work
  await checkTargets(prepared, link.signal);
  // 3. the run itself
  return await new BackupRun(prepared, onEvent, link.signal).run();
}

async function prepareBackup(
  backupOptions: BackupOptions,
  gateway: ResolvedGatewayOptions,
  sink: ImageSink | undefined,
  signal: AbortSignal,
): Promise<PreparedBackup> {
  const options = resolveOptions(backupOptions);
  const startedAt = gateway.now();
  const detected = await detectGateway({ ...gateway, signal });
  if (detected.facts.version === undefined && !detected.facts.database.local) throw versionUnknown();
  const plan = BackupPlan.create(backupOptions, detected.facts, gateway.collectors);
  if (sink !== undefined && options.ftp !== undefined) {
    throw invalidOption('Options sink and ftp: give one of them.', 'conflict');
  }
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
  return image === basename(image) ? join(layout.images, image) : resolve(currentDirectory, image);
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
    const preparing = Promise.resolve(sink.prepare?.(imageName, sinkContext(signal)));
    await orAbandoned(preparing, signal, 'store');
  } catch (error) {
    if (signal.aborted) throw cancelled(signal, 'store');
    throw sink instanceof LocalFileSink ? naming('image', error) : sinkFailure(sink, error);
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
