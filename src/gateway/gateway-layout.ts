import { join } from 'node:path';

/**
 * Where things lie on a gateway. The only file that knows its paths.
 *
 * @public
 */
export interface GatewayLayout {
  /** SSG_HOME */
  readonly ssgHome: string;
  /** CONF: the node's configuration folder. */
  readonly conf: string;
  readonly nodeProperties: string;
  readonly gatewayJar: string;
  readonly modulesLib: string;
  readonly assertions: string;
  readonly libExt: string;
  /** Where images go that are given without a folder. */
  readonly images: string;
  readonly logs: string;
  /** The list of operating-system files. */
  readonly osManifest: string;
  /** The list of audit tables. */
  readonly auditTables: string;
  readonly runLock: string;
  /** Logs of the Backup Service. */
  readonly serviceLogs: string;
  /** Exists only on an appliance. */
  readonly appliance: string;
  readonly esm: string;
  /** Process id of a running Enterprise Service Manager. */
  readonly esmPid: string;
}

/** The layout below SECURESPAN (`gatewayRoot`) and below the host's root; both absolute. */
export function gatewayLayout(gatewayRoot: string, hostRoot: string): GatewayLayout {
  const ssgHome = join(gatewayRoot, 'Gateway');
  const conf = join(ssgHome, 'node', 'default', 'etc', 'conf');
  // BACKUP_HOME
  const backupHome = join(ssgHome, 'config', 'backup');
  return {
    ssgHome,
    conf,
    nodeProperties: join(conf, 'node.properties'),
    gatewayJar: join(ssgHome, 'runtime', 'Gateway.jar'),
    modulesLib: join(ssgHome, 'runtime', 'modules', 'lib'),
    assertions: join(ssgHome, 'runtime', 'modules', 'assertions'),
    libExt: join(ssgHome, 'runtime', 'lib', 'ext'),
    images: join(backupHome, 'images'),
    logs: join(backupHome, 'logs'),
    osManifest: join(backupHome, 'cfg', 'backup_manifest'),
    auditTables: join(backupHome, 'cfg', 'backup_tables_audit'),
    runLock: join(backupHome, '.gateway-backup.lock'),
    serviceLogs: join(ssgHome, 'node', 'default', 'var', 'logs'),
    appliance: join(gatewayRoot, 'Appliance'),
    esm: join(gatewayRoot, 'EnterpriseManager'),
    esmPid: join(hostRoot, 'var', 'run', 'ssemd.pid'),
  };
}
