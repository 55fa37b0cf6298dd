import type { BuiltInComponent } from '../collectors/component-collector.js';
import { SeededRandom } from './seeded-random.js';
import { storedZip } from './stored-zip.js';

/**
 * How the sample Gateway reaches its main database.
 *
 * @public
 */
export interface SampleDatabaseAccess {
  /** Name or address. */
  readonly host: string;
  /** Port of the server. */
  readonly port: number;
  /** Default: `ssg`. */
  readonly name?: string | undefined;
  /** The Gateway's own account. */
  readonly user: string;
  /** As it is to stand in node.properties: plain or encrypted. */
  readonly password: string;
}

/** What the files of the sample Gateway depend on. */
export interface SampleFacts {
  readonly nodeId: string;
  readonly version: string;
  readonly database: SampleDatabaseAccess;
  readonly appliance: boolean;
  readonly esm: boolean;
}

/** Content by path below the host's root; `null` is an empty folder. */
export type SampleFiles = Readonly<Record<string, string | Uint8Array | null>>;

/** Where the sample Gateway's SECURESPAN lies below its host's root. */
export const sampleGatewayFolder = 'opt/SecureSpan';

/** Every file of a sample Gateway. */
export function sampleFiles(facts: SampleFacts): SampleFiles {
  const gateway = `${sampleGatewayFolder}/Gateway`;
  const conf = `${gateway}/node/default/etc/conf`;
  const modules = `${gateway}/runtime/modules`;
  const ext = `${gateway}/runtime/lib/ext`;
  const backup = `${gateway}/config/backup`;
  return {
    ...hostFiles(),
    [`${conf}/node.properties`]: nodeProperties(facts),
    [`${conf}/ssglog.properties`]:
      'handlers = com.l7tech.server.log.GatewayRootLoggingHandler\n.level = CONFIG\ncom.l7tech.level = INFO\n',
    [`${conf}/system.properties`]:
      '# Overrides of this node\ncom.l7tech.server.audit.purgeMinimumAge=168\njava.rmi.server.hostname=gateway1.example.com\n',
    [`${conf}/omp.dat`]: '$L7O$c2FtcGxlLW1hc3Rlci1wYXNzcGhyYXNlLW9ic2N1cmVk\n',
    [`${conf}/salesforce_assertion.properties`]:
      'salesforce.endpoint=https://login.example.com/\nretries=3\n',
    [`${conf}/symantec_scanner.properties`]: 'scanner.host=10.0.0.21\nscanner.port=1344\n',
    [`${conf}/java.security`]: '# Not a component of a backup\n',
    [`${modules}/lib/SalesforceAssertion.jar`]: jar('salesforce', 40_000),
    [`${modules}/lib/SymantecScannerAssertion.jar`]: jar('symantec', 12_000),
    [`${modules}/lib/README.txt`]: 'Custom assertions are jars.\n',
    [`${modules}/assertions/RateLimitAssertion-${facts.version}.aar`]: jar('rate-limit', 60_000),
    [`${modules}/assertions/WebSocketAssertion-${facts.version}.aar`]: jar('web-socket', 90_000),
    [`${modules}/assertions/SampleModule.jar`]: jar('module', 8_000),
    [`${ext}/jdbc-driver.jar`]: jar('jdbc', 30_000),
    [`${ext}/jms-vendor.jar`]: jar('jms-vendor', 20_000),
    [`${ext}/jms-gateway.jar`]: jar('jms-gateway', 20_000),
    [`${ext}/tibco/tibjms.jar`]: jar('tibjms', 25_000),
    [`${ext}/tibco/client.properties`]: 'tibco.naming=tcp://10.0.0.31:7222\n',
    [`${gateway}/runtime/Gateway.jar`]: storedZip({
      'META-INF/MANIFEST.MF': `Manifest-Version: 1.0\r\nImplementation-Title: SecureSpan Gateway\r\nImplementation-Version: ${facts.version}\r\nMain-Class: com.l7tech.server.boot.GatewayBoot\r\n\r\n`,
    }),
    [`${gateway}/node/default/var/logs/ssg_0_0.log`]: '2026-11-01T03:00:00.000+0000 INFO 1 Gateway started\n',
    [`${backup}/images`]: null,
    [`${backup}/logs`]: null,
    [`${backup}/cfg/backup_manifest`]: osManifest,
    [`${backup}/cfg/backup_tables_audit`]: `# Tables whose rows are audit records\n${auditTables.join('\n')}\n`,
    ...(facts.appliance ? { [`${sampleGatewayFolder}/Appliance/libexec/appliance_version`]: '9.4\n' } : {}),
    ...(facts.esm ? esmFiles() : {}),
  };
}

/**
 * What the image of an unchanged sample Gateway holds of each component whose content is files; of the database, what
 * is not made by dumping. Paths as they are in the image.
 *
 * @public
 */
export const sampleImageEntries: Readonly<Record<BuiltInComponent, readonly string[]>> = {
  maindb: ['maindb/main_backup.sql', 'maindb/my.cnf', 'originallicenseobjectid.txt'],
  audits: ['audits/audits.gz'],
  config: [
    'config/node.properties',
    'config/omp.dat',
    'config/ssglog.properties',
    'config/system.properties',
  ],
  os: [
    'os/etc/hosts',
    'os/etc/ntp.conf',
    'os/etc/resolv.conf',
    'os/etc/ssh/sshd_config',
    'os/etc/sysconfig/network',
  ],
  ca: [
    'ca/SalesforceAssertion.jar',
    'ca/SymantecScannerAssertion.jar',
    'ca/salesforce_assertion.properties',
    'ca/symantec_scanner.properties',
  ],
  ma: ['ma/RateLimitAssertion-9.4.00.aar', 'ma/SampleModule.jar', 'ma/WebSocketAssertion-9.4.00.aar'],
  ext: [
    'ext/jdbc-driver.jar',
    'ext/jms-gateway.jar',
    'ext/jms-vendor.jar',
    'ext/tibco/client.properties',
    'ext/tibco/tibjms.jar',
  ],
  esm: [
    'esm/etc/conf/emconfig.xml',
    'esm/etc/conf/omp.dat',
    'esm/etc/profile',
    'esm/var/db/emsdb/log/derby.log',
    'esm/var/db/emsdb/seg0/c10.dat',
    'esm/var/db/emsdb/service.properties',
    'esm/var/emconfig.properties',
  ],
};

const auditTables = [
  'audit_main',
  'audit_admin',
  'audit_message',
  'audit_system',
  'audit_detail',
  'audit_detail_params',
];

const osManifest = `# Operating system files that belong to a backup, one absolute path a line
/etc/hosts
/etc/resolv.conf
/etc/ntp.conf
/etc/sysconfig/network

# Not on every machine
/etc/snmp/snmpd.conf
/etc/ssh/sshd_config
`;

function nodeProperties({ nodeId, database }: SampleFacts): string {
  const main = {
    host: database.host,
    port: String(database.port),
    name: database.name ?? 'ssg',
    user: database.user,
    pass: database.password,
  };
  return [
    '# Configuration of this node',
    `node.id = ${nodeId}`,
    'node.enabled = true',
    'node.cluster.pass = sample-cluster-passphrase',
    ...Object.entries(main).map(([key, value]) => `node.db.config.main.${key} = ${escapeProperty(value)}`),
    '',
  ].join('\n');
}

/** Java properties: a backslash escapes, leading blanks are eaten, what is not ASCII is written as a code unit. */
function escapeProperty(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replace(/^ /u, '\\ ')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function hostFiles(): SampleFiles {
  return {
    'etc/my.cnf': '[mysqld]\ninnodb_buffer_pool_size=1G\nmax_allowed_packet=64M\nserver-id=1\n',
    'etc/hosts': '127.0.0.1 localhost\n10.0.0.11 gateway1.example.com gateway1\n',
    'etc/resolv.conf': 'search example.com\nnameserver 10.0.0.2\n',
    'etc/ntp.conf': 'server 0.pool.example.com iburst\n',
    'etc/sysconfig/network': 'NETWORKING=yes\nHOSTNAME=gateway1.example.com\n',
    'etc/ssh/sshd_config': 'PermitRootLogin no\nPasswordAuthentication yes\n',
    'var/run': null,
  };
}

function esmFiles(): SampleFiles {
  const esm = `${sampleGatewayFolder}/EnterpriseManager`;
  const random = new SeededRandom(4);
  return {
    [`${esm}/etc/conf/emconfig.xml`]: '<?xml version="1.0" encoding="UTF-8"?>\n<em listen="8182"/>\n',
    [`${esm}/etc/conf/omp.dat`]: '$L7O$c2FtcGxlLWVzbS1wYXNzcGhyYXNl\n',
    [`${esm}/etc/profile`]: 'EM_JAVA_HOME=/opt/SecureSpan/JDK\n',
    [`${esm}/var/db/derby.log`]: 'Booting Derby\n',
    [`${esm}/var/db/emsdb/log/derby.log`]: 'A file of the database, only named like its log\n',
    [`${esm}/var/db/emsdb/seg0/c10.dat`]: random.bytes(16_384),
    [`${esm}/var/db/emsdb/service.properties`]: 'derby.serviceProtocol=org.apache.derby.database.Database\n',
    [`${esm}/var/emconfig.properties`]: 'em.server.listenport=8182\nem.server.listenaddr=0.0.0.0\n',
    [`${esm}/var/logs/ssemd.log`]: 'started\n',
  };
}

/** A jar whose classes do not compress, as those of real ones do not. */
function jar(name: string, bytes: number): Buffer {
  const random = new SeededRandom(name.length * 1000 + name.charCodeAt(0));
  return storedZip({
    'META-INF/MANIFEST.MF': `Manifest-Version: 1.0\r\nImplementation-Title: ${name}\r\n\r\n`,
    [`com/example/${name}/Assertion.class`]: random.bytes(bytes),
  });
}
