import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { isBackupError, type BackupError } from 'gateway-backup';
import type { RecordingContext, TestImage } from './ftp-image.js';

/** A password that must not turn up anywhere. */
export const canary = 'canary-Zx81';

/**
 * What a failed call threw. Holds on the way that no listener is left on the signal, that every stream of the image was
 * closed, and that the password is nowhere.
 */
export async function ftpError(
  action: Promise<unknown>,
  context: RecordingContext,
  image?: TestImage,
): Promise<BackupError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isBackupError(error), `no BackupError but ${inspect(error)}`);
  assertClean(context, image);
  assertNoSecret(context, error);
  return error;
}

/** No listener is left on the signal, and every stream of the image is closed. */
export function assertClean(context: RecordingContext, image?: TestImage): void {
  assert.equal(context.listeners(), 0);
  for (const stream of image?.opened.splice(0) ?? []) assert.ok(stream.destroyed);
}

export function assertNoSecret(context: RecordingContext, error?: BackupError): void {
  const said = [...context.lines, ...context.warnings, inspect(error, { depth: 10, showHidden: true })];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    said.push(cause.message, String(cause.stack), JSON.stringify(cause));
  }
  for (const line of said) assert.ok(!line.includes(canary), line);
}
