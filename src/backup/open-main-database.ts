import type { OpenDatabaseSession } from '../database/database-session.js';
import { openDatabaseSession } from '../database/open-database-session.js';
import { BackupError } from '../errors.js';
import type { DetectedGateway } from '../gateway/detect-gateway.js';
import { decodeGatewayPassword } from '../secrets/gateway-password.js';
import { resolveSecret, Secret } from '../secrets/secret.js';
import type { ResolvedGatewayOptions } from './resolve-gateway-options.js';

/**
 * Opens the main database of a gateway.
 *
 * @throws BackupError `DATABASE_UNAVAILABLE`; `CANCELLED`.
 */
export async function openMainDatabase(
  { facts, databasePassword }: DetectedGateway,
  gateway: ResolvedGatewayOptions,
  signal: AbortSignal,
): Promise<OpenDatabaseSession> {
  const { host, port, name, user, local, localityExplanation } = facts.database;
  if (!local) {
    throw new BackupError('DATABASE_UNAVAILABLE', `The main database is not local: ${localityExplanation}`, {
      stage: 'collect',
      reason: 'not-local',
    });
  }
  const password = await passwordOf(databasePassword, gateway);
  return openDatabaseSession({ host, port, name, user, password, ...gateway.database }, { signal });
}

async function passwordOf(
  written: string | undefined,
  { databasePassword, passphrase }: ResolvedGatewayOptions,
): Promise<Secret> {
  if (databasePassword !== undefined) return resolveSecret(databasePassword);
  return decodeGatewayPassword(new Secret(written ?? ''), passphrase);
}
