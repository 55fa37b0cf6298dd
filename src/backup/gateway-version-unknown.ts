import { BackupError } from '../errors.js';

/** No source tells the Gateway's version, and an image without it cannot be restored. */
export function versionUnknown(cause?: unknown): BackupError {
  return new BackupError(
    'GATEWAY_NOT_CONFIGURED',
    "The Gateway's version cannot be found out, neither from Gateway.jar nor from its package nor from the database, " +
      'and an image without it cannot be restored: give it with --gateway-version (option gatewayVersion).',
    { stage: 'plan', reason: 'version-unknown', cause },
  );
}
