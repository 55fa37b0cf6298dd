/**
 * Backs up one node of a Layer7 API Gateway into one zip image.
 *
 * @packageDocumentation
 */
export { GatewayBackup, runBackup } from './backup/gateway-backup.js';
export type { BackupRunOptions, GatewayBackupOptions } from './backup/gateway-backup-options.js';
export { auditsCollector } from './collectors/audits-collector.js';
export type {
  Applicability,
  BuiltInComponent,
  CollectorContext,
  ComponentCollector,
  ComponentName,
  FileTreeOptions,
  JsonValue,
} from './collectors/component-collector.js';
export { defaultCollectors, type DefaultCollectorsOptions } from './collectors/default-collectors.js';
export type { ExtCollectorOptions } from './collectors/ext-collector.js';
export { maindbCollector } from './collectors/maindb-collector.js';
export type {
  DatabaseConnectionOptions,
  DatabaseTlsOptions,
} from './database/database-connection-options.js';
export type { DumpOptions } from './database/database-dump.js';
export type { DatabaseSession, OpenDatabaseSession, RawValue } from './database/database-session.js';
export type { DatabaseSessionConfig } from './database/database-session-config.js';
export { openDatabaseSession } from './database/open-database-session.js';
export {
  BackupError,
  isBackupError,
  type BackupErrorCode,
  type BackupErrorFacts,
  type BackupStage,
} from './errors.js';
export type { BackupEvent } from './events.js';
export type { DatabaseFacts, GatewayFacts } from './gateway/gateway-facts.js';
export type { BackupRecord, RecordedComponent, RecordedEntry } from './image/backup-record.js';
export { bytesEntry, type ImageContent, type ImageEntry } from './image/image-entry.js';
export type { ImageFault, ImageFaultCode } from './image/image-fault.js';
export type {
  ImageEntryRecord,
  ImageSavepoint,
  ImageSummary,
  ImageWriterObserver,
} from './image/image-records.js';
export type { ImageVerification, VerifyImageOptions } from './image/image-verification.js';
export { ImageWriter, type ImageWriterOptions } from './image/image-writer.js';
export { verifyImage } from './image/verify-image.js';
export {
  MappingTemplateGenerator,
  type MappingFault,
  type MappingTemplate,
} from './mapping/mapping-template-generator.js';
export type { BackupOptions, FtpOptions } from './options/backup-options.js';
export { BackupPlan, type PlannedComponent, type PlanReason } from './plan/backup-plan.js';
export type {
  BackupReport,
  CompletedReport,
  FailedComponent,
  FailedReport,
  InapplicableComponent,
  ReportedError,
  ReportFacts,
  CollectedComponent,
  ComponentReport,
  StoredImageReport,
} from './report.js';
export { Secret, type SecretSource } from './secrets/secret.js';
export { FtpSink, type FtpSinkOptions } from './sinks/ftp-sink.js';
export type { BackupImage, ImageSink, SinkContext, StoredImage } from './sinks/image-sink.js';
export { LocalFileSink } from './sinks/local-file-sink.js';
export { retryingSink, type RetryingSinkOptions } from './sinks/retrying-sink.js';
export type { AbortableOptions } from './support/abort.js';
export type { Log } from './support/log.js';
export type { TracedComponent, TracedRun, TracedStore } from './support/tracing.js';
