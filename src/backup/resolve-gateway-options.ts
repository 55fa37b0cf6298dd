import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { ComponentCollector } from '../collectors/component-collector.js';
import type { DatabaseConnectionOptions } from '../database/database-connection-options.js';
import { BackupError } from '../errors.js';
import { DEFAULT_LEVEL } from '../image/default-level.js';
import type { SecretSource } from '../secrets/secret.js';
import type { GatewayBackupOptions } from './gateway-backup-options.js';

/** {@link GatewayBackupOptions}, complete and with absolute paths. */
export interface ResolvedGatewayOptions {
  readonly gatewayRoot: string;
  readonly hostRoot: string;
  readonly currentDirectory: string;
  readonly workDirectory: string;
  readonly collectors: readonly ComponentCollector[];
  readonly gatewayVersion: string | undefined;
  readonly databasePassword: SecretSource | undefined;
  readonly passphrase: SecretSource | undefined;
  readonly localDatabaseOnly: boolean;
  readonly database: DatabaseConnectionOptions;
  readonly compressionLevel: number;
  readonly verification: 'read-back' | 'full';
  readonly checkFreeSpace: boolean;
  readonly rpmProgram: string;
  readonly rpmTimeoutMs: number;
  readonly now: () => Date;
}

/** Not public: what makes two images of a test the same. */
export interface GatewayBackupInternals {
  readonly now?: (() => Date) | undefined;
}

/**
 * Copies, defaults, checks and freezes, once.
 *
 * @throws BackupError `INVALID_OPTIONS`, naming the option.
 */
export function resolveGatewayOptions(
  options: GatewayBackupOptions & GatewayBackupInternals,
  collectors: (options: { rpmProgram: string; rpmTimeoutMs: number }) => readonly ComponentCollector[],
): ResolvedGatewayOptions {
  const compressionLevel = options.compressionLevel ?? DEFAULT_LEVEL;
  if (!Number.isInteger(compressionLevel) || compressionLevel < 0 || compressionLevel > 9) {
    throw new BackupError('INVALID_OPTIONS', '--level (option compressionLevel) is 0 to 9.', {
      stage: 'options',
      reason: 'wrong-value',
    });
  }
  const currentDirectory = workingDirectory(options.currentDirectory ?? '.');
  const rpm = { rpmProgram: options.rpmProgram ?? 'rpm', rpmTimeoutMs: options.rpmTimeoutMs ?? 30_000 };
  return Object.freeze({
    gatewayRoot: resolve(currentDirectory, options.gatewayRoot ?? '/opt/SecureSpan'),
    hostRoot: resolve(currentDirectory, options.hostRoot ?? '/'),
    currentDirectory,
    workDirectory: resolve(currentDirectory, options.workDirectory ?? tmpdir()),
    collectors: Object.freeze([...(options.collectors ?? collectors(rpm))]),
    gatewayVersion: options.gatewayVersion,
    databasePassword: options.databasePassword,
    passphrase: options.passphrase,
    localDatabaseOnly: options.localDatabaseOnly ?? true,
    database: Object.freeze({ ...options.database }),
    compressionLevel,
    verification: options.verification ?? 'read-back',
    checkFreeSpace: options.checkFreeSpace ?? true,
    ...rpm,
    now: options.now ?? (() => new Date()),
  });
}

/** A working directory that was removed meanwhile keeps nobody from naming everything by absolute paths. */
function workingDirectory(path: string): string {
  try {
    return resolve(path);
  } catch {
    // Below this nothing exists, and messages that name it tell why.
    return '/(the working directory was removed)';
  }
}
