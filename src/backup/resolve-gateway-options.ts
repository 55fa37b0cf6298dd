import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { ComponentCollector } from '../collectors/component-collector.js';
import type { DatabaseConnectionOptions } from '../database/database-connection-options.js';
import { DEFAULT_LEVEL } from '../image/default-level.js';
import { checkOptions, oneOf, optionKinds, required, wholeNumber } from '../options/option-checks.js';
import type { SecretSource } from '../secrets/secret.js';
import type { ImageSink } from '../sinks/image-sink.js';
import type { BackupRunOptions, GatewayBackupOptions } from './gateway-backup-options.js';

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
  const { now = () => new Date(), ...known } = options;
  checkOptions(known, gatewayOptions);
  if (options.database !== undefined)
    checkOptions(options.database, databaseOptions, { within: 'database.' });
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
    compressionLevel: options.compressionLevel ?? DEFAULT_LEVEL,
    verification: options.verification ?? 'read-back',
    checkFreeSpace: options.checkFreeSpace ?? true,
    ...rpm,
    now,
  });
}

/**
 * Checks what a run is given, and of a sink only what is relied on.
 *
 * @throws BackupError `INVALID_OPTIONS`, naming the option.
 */
export function checkRunOptions(options: BackupRunOptions): void {
  checkOptions(options, runOptions);
  if (options.sink !== undefined)
    checkOptions(options.sink, sinkMembers, { within: 'sink.', onlyThese: false });
}

const { text, flag, positive, milliseconds, object, list, secret, signal, function: callable } = optionKinds;

const gatewayOptions = {
  gatewayRoot: text,
  hostRoot: text,
  currentDirectory: text,
  workDirectory: text,
  collectors: list,
  gatewayVersion: text,
  databasePassword: secret,
  passphrase: secret,
  localDatabaseOnly: flag,
  database: object,
  compressionLevel: wholeNumber(0, 9),
  verification: oneOf('read-back', 'full'),
  checkFreeSpace: flag,
  rpmProgram: text,
  rpmTimeoutMs: milliseconds,
} satisfies Record<keyof GatewayBackupOptions, unknown>;

const databaseOptions = {
  socketPath: text,
  tls: object,
  connectTimeoutMs: milliseconds,
  idleTimeoutMs: milliseconds,
  maxRowBytes: positive,
} satisfies Record<keyof DatabaseConnectionOptions, unknown>;

const runOptions = { sink: object, onEvent: callable, signal } satisfies Record<
  keyof BackupRunOptions,
  unknown
>;

const sinkMembers = {
  name: required(text),
  store: required(callable),
  prepare: callable,
  stagingDirectory: text,
  stagedOnFailure: oneOf('keep', 'discard'),
} satisfies Record<keyof ImageSink, unknown>;

/** A working directory that was removed meanwhile keeps nobody from naming everything by absolute paths. */
function workingDirectory(path: string): string {
  try {
    return resolve(path);
  } catch {
    // Below this nothing exists, and messages that name it tell why.
    return '/(the working directory was removed)';
  }
}
