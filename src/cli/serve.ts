import { readFileSync, statSync } from 'node:fs';
import process from 'node:process';
import { LogFile } from '../backup/log-file.js';
import { BackupError, isBackupError } from '../errors.js';
import { gatewayLayout } from '../gateway/gateway-layout.js';
import { createBackupService } from '../service/backup-service.js';
import {
  listenBackupService,
  type ListeningService,
  type ServiceCertificate,
} from '../service/listen-backup-service.js';
import type { ServiceLog } from '../service/service-log.js';
import { errnoOf } from '../support/errno.js';
import { ownVersion } from '../support/own-version.js';
import { assembleService } from './assemble-service.js';
import { signalExitCodes } from './exit-codes.js';
import type { ServiceConfig } from './service-config.js';

/**
 * Serves until SIGTERM or SIGINT; returns the exit status. SIGHUP reads certificate and key again.
 *
 * @throws BackupError when the service cannot start.
 */
export async function serve(
  config: ServiceConfig,
  { checkOnly }: { readonly checkOnly: boolean },
): Promise<number> {
  const certificate = readCertificate(config);
  const journal = checkOnly ? { log: () => undefined, close: () => undefined } : openLog(config);
  const { log } = journal;
  const stopping = new AbortController();
  try {
    await using parts = await assembleService(config, log, stopping.signal);
    const service = createBackupService(parts.options);
    if (checkOnly) {
      await parts.check();
      process.stdout.write('The configuration is usable.\n');
      return 0;
    }
    const { requestClientCertificate } = config.tls;
    const listening = await listenBackupService(service, {
      ...certificate,
      ...config.listen,
      requestClientCertificate,
    }).catch((error: unknown) => {
      throw notListening(config, error);
    });
    const plain = listening.plainPort === undefined ? '' : ` and, without TLS, ${listening.plainPort}`;
    say(
      log,
      'info',
      `gateway-backup-service ${ownVersion} serves node ${parts.node} on port ${listening.port}${plain}.`,
    );
    const reload = (): void => {
      reloadCertificate(config, listening, log);
    };
    process.on('SIGHUP', reload);
    const received = await stopSignal();
    say(log, 'info', `Stopping by ${received}.`);
    const impatient = setTimeout(() => {
      stopping.abort(new Error(`stopped by ${received}`));
    }, config.shutdownGraceMs);
    try {
      await listening.close(config.shutdownGraceMs);
    } finally {
      clearTimeout(impatient);
      process.off('SIGHUP', reload);
    }
    say(log, 'info', 'Stopped.');
    return 0;
  } finally {
    journal.close();
  }
}

/** The first signal stops in good order; a second one at once. */
function stopSignal(): Promise<'SIGTERM' | 'SIGINT'> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.once(name, () => {
        for (const again of ['SIGTERM', 'SIGINT'] as const) {
          process.on(again, () => process.exit(signalExitCodes[again]));
        }
        resolve(name);
      });
    }
  });
}

function openLog(config: ServiceConfig): { readonly log: ServiceLog; readonly close: () => void } {
  const layout = gatewayLayout(config.gatewayRoot ?? '/opt/SecureSpan', config.hostRoot ?? '/');
  const folder = config.logFolder ?? layout.serviceLogs;
  try {
    // Where there is no Gateway, none is to be begun by a folder for logs.
    if (config.logFolder === undefined) statSync(layout.ssgHome);
    const file = new LogFile({ folder, name: 'gateway-backup-service' });
    return {
      log: (level, message) => {
        file.write(`${level.toUpperCase()} ${message}`);
      },
      close: () => {
        file.close();
      },
    };
  } catch (error) {
    process.stderr.write(
      `The log folder ${folder} cannot be written (${errnoOf(error) ?? 'unknown'}); logging here.\n`,
    );
    return {
      log: (level, message) => process.stderr.write(`${level.toUpperCase()} ${message}\n`),
      close: () => undefined,
    };
  }
}

function readCertificate({ tls }: ServiceConfig): ServiceCertificate {
  const read = (key: 'certificate' | 'key'): Buffer => {
    try {
      return readFileSync(tls[key]);
    } catch (error) {
      throw invalid(`tls.${key}: ${tls[key]} cannot be read (${errnoOf(error) ?? 'unknown'}).`, error);
    }
  };
  return { certificate: read('certificate'), key: read('key') };
}

function reloadCertificate(config: ServiceConfig, listening: ListeningService, log: ServiceLog): void {
  try {
    listening.setCertificate(readCertificate(config));
    log('info', 'Certificate and key were read again.');
  } catch (error) {
    const why = isBackupError(error) ? error.message : 'they do not belong together, or are no PEM files.';
    log('error', `Certificate and key stay as they were: ${why}`);
  }
}

function notListening({ listen, tls }: ServiceConfig, error: unknown): BackupError {
  const { syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) {
    return invalid(`tls: ${tls.certificate} and ${tls.key} are no certificate and its key, in PEM.`, error);
  }
  const ports = [listen.port ?? 8443, ...(listen.plainPort === undefined ? [] : [listen.plainPort])];
  return invalid(
    `listen: port ${ports.join(' or ')} cannot be used (${errnoOf(error) ?? 'unknown'}).`,
    error,
  );
}

function say(log: ServiceLog, level: 'info', message: string): void {
  process.stdout.write(`${message}\n`);
  log(level, message);
}

function invalid(message: string, cause: unknown): BackupError {
  return new BackupError('INVALID_OPTIONS', message, { stage: 'options', reason: 'configuration', cause });
}
