/**
 * The Backup Service: images over HTTPS, for a browser or a script.
 *
 * @packageDocumentation
 */
export type { GatewayDatabase, GatewayStatement, StatementValue } from '../database/gateway-database.js';
export type { AuditId, AuditLevel, AuditLog, AuditRecord } from './audit/audit-log.js';
export { GatewayAuditLog, type GatewayAuditOptions } from './audit/gateway-audit-log.js';
export { JsonLinesAuditLog } from './audit/json-lines-audit-log.js';
export type { BackupRunner } from './backup-runner.js';
export { createBackupService, type BackupService } from './backup-service.js';
export type { CredentialsCharset } from './basic-credentials.js';
export type { ClusterDirectory, ClusterNode } from './cluster/cluster-directory.js';
export { GatewayClusterDirectory, type GatewayClusterOptions } from './cluster/gateway-cluster-directory.js';
export { StaticClusterDirectory } from './cluster/static-cluster-directory.js';
export type { ConnectorDirectory } from './connectors/connector-directory.js';
export { GatewayConnectorDirectory } from './connectors/gateway-connector-directory.js';
export { StaticConnectorDirectory } from './connectors/static-connector-directory.js';
export { openGatewayAccess, type GatewayAccess } from './gateway-access.js';
export { HttpResponseSink, type HttpDownload, type HttpResponseSinkOptions } from './http-response-sink.js';
export {
  listenBackupService,
  type ListeningService,
  type ListenOptions,
  type ServiceCertificate,
} from './listen-backup-service.js';
export type { LoginLimits } from './login-limiter.js';
export type { RoutingOptions } from './routing-options.js';
export type { ServiceLog, ServiceLogLevel } from './service-log.js';
export type { BackupServiceOptions } from './service-options.js';
export { addFileUser, type NewFileUser } from './users/add-file-user.js';
export { FileUserDirectory } from './users/file-user-directory.js';
export { GatewayUserDirectory } from './users/gateway-user-directory.js';
export type { CertificateThumbprint, ServiceUser, UserDirectory } from './users/user-directory.js';
