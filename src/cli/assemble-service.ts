import { readFileSync } from 'node:fs';
import process from 'node:process';
import { GatewayBackup } from '../backup/gateway-backup.js';
import type { GatewayBackupOptions } from '../backup/gateway-backup-options.js';
import { BackupError } from '../errors.js';
import { GatewayAuditLog } from '../service/audit/gateway-audit-log.js';
import { JsonLinesAuditLog } from '../service/audit/json-lines-audit-log.js';
import { GatewayClusterDirectory } from '../service/cluster/gateway-cluster-directory.js';
import { StaticClusterDirectory } from '../service/cluster/static-cluster-directory.js';
import { GatewayConnectorDirectory } from '../service/connectors/gateway-connector-directory.js';
import { StaticConnectorDirectory } from '../service/connectors/static-connector-directory.js';
import { openGatewayAccess, type GatewayAccess } from '../service/gateway-access.js';
import type { ServiceLog } from '../service/service-log.js';
import type { BackupServiceOptions } from '../service/service-options.js';
import { FileUserDirectory } from '../service/users/file-user-directory.js';
import { GatewayUserDirectory } from '../service/users/gateway-user-directory.js';
import { readUsersFile } from '../service/users/users-file.js';
import { errnoOf } from '../support/errno.js';
import { secretVariables } from './program-options.js';
import { readSecretFile } from './read-secret-file.js';
import type { ServiceConfig } from './service-config.js';

/** What a configuration comes to. */
export interface ServiceParts extends AsyncDisposable {
  readonly options: BackupServiceOptions;
  /** Name of this node, for people. */
  readonly node: string;
  /** Asks every part that can be asked without changing anything. Throws what it meets. */
  check(): Promise<void>;
}

/** @throws BackupError when a part cannot be made. */
export async function assembleService(
  config: ServiceConfig,
  log: ServiceLog,
  signal: AbortSignal,
): Promise<ServiceParts> {
  const gateway = gatewayOptions(config);
  const ca = readAuthority(config.routing.ca);
  const access = usesGateway(config) ? await openGatewayAccess(gateway) : undefined;
  const options: BackupServiceOptions = {
    backup: new GatewayBackup(gateway),
    users:
      config.users === 'gateway'
        ? new GatewayUserDirectory(need(access).database, { log })
        : new FileUserDirectory(config.users.file),
    cluster:
      config.cluster === 'gateway'
        ? new GatewayClusterDirectory(need(access).database, {
            self: need(access).nodeId,
            databaseAddress: need(access).databaseAddress,
          })
        : new StaticClusterDirectory(config.cluster),
    audit:
      config.audit === 'gateway'
        ? new GatewayAuditLog(need(access).database, { nodeId: need(access).nodeId })
        : new JsonLinesAuditLog(config.audit.file),
    connectors: connectorsOf(config, access),
    routing: { ...config.routing, ca },
    port: config.publicPort,
    trustProxy: config.trustProxy,
    loginLimits: config.loginLimits,
    credentialsCharset: config.credentialsCharset,
    deliverPartial: config.deliverPartial,
    maxConcurrentBackups: config.maxConcurrentBackups,
    stalledClientMs: config.stalledClientMs,
    log,
    signal,
  };
  return {
    options,
    node: nodeName(config, access),
    check: async () => {
      if (config.users !== 'gateway') await readUsersFile(config.users.file);
      await options.cluster.nodes({ signal });
    },
    [Symbol.asyncDispose]: async () => {
      await access?.close();
    },
  };
}

function gatewayOptions(config: ServiceConfig): GatewayBackupOptions {
  const { gatewayRoot, hostRoot, workDirectory, gatewayVersion, database } = config;
  const secret = (file: string | undefined, key: string, variable: string) =>
    file === undefined ? process.env[variable] || undefined : () => readSecretFile(file, key);
  return {
    ...{ gatewayRoot, hostRoot, workDirectory, gatewayVersion },
    databasePassword: secret(
      database.passwordFile,
      'database.passwordFile',
      secretVariables.databasePassword,
    ),
    passphrase: secret(database.passphraseFile, 'database.passphraseFile', secretVariables.passphrase),
    localDatabaseOnly: database.localOnly,
  };
}

function usesGateway({ users, cluster, audit, connectors }: ServiceConfig): boolean {
  return [users, cluster, audit, connectors].includes('gateway');
}

function need(access: GatewayAccess | undefined): GatewayAccess {
  if (access !== undefined) return access;
  throw new BackupError('INTERNAL', "The Gateway's database was not opened.", { stage: 'service' });
}

function connectorsOf(
  { connectors }: ServiceConfig,
  access: GatewayAccess | undefined,
): BackupServiceOptions['connectors'] {
  if (connectors === 'any') return undefined;
  return connectors === 'gateway'
    ? new GatewayConnectorDirectory(need(access).database)
    : new StaticConnectorDirectory(connectors);
}

function nodeName({ cluster }: ServiceConfig, access: GatewayAccess | undefined): string {
  if (cluster === 'gateway') return need(access).nodeId;
  return cluster.find(({ local }) => local)?.name ?? '';
}

function readAuthority(file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new BackupError(
      'INVALID_OPTIONS',
      `routing.ca: ${file} cannot be read (${errnoOf(cause) ?? 'unknown'}).`,
      {
        stage: 'options',
        reason: 'configuration',
        cause,
      },
    );
  }
}
