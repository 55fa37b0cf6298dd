import { BackupError, isBackupError } from '../errors.js';
import { cancelled } from '../support/abort.js';
import type { ImageSink } from '../sinks/image-sink.js';
import { messageOf } from '../support/message-of.js';

/** Why a run failed, whatever was thrown: a cancellation comes before what it led to. */
export function runFailure(error: unknown, signal: AbortSignal): BackupError {
  if (signal.aborted) return cancelled(signal, 'collect');
  if (isBackupError(error)) return error;
  return new BackupError('INTERNAL', `An unexpected error, please report it: ${messageOf(error)}`, {
    stage: 'collect',
    cause: error,
  });
}

/** What a sink threw, as an error that names it. */
export function sinkFailure({ name }: ImageSink, error: unknown): BackupError {
  if (isBackupError(error)) return error;
  return new BackupError('SINK_FAILED', `The sink "${name}" failed: ${messageOf(error)}`, {
    stage: 'store',
    cause: error,
  });
}
