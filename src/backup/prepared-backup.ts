import type { DetectedGateway } from '../gateway/detect-gateway.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { BackupPlan } from '../plan/backup-plan.js';
import type { ImageSink } from '../sinks/image-sink.js';
import type { ResolvedGatewayOptions } from './resolve-gateway-options.js';

/** Everything that is known before a run begins. */
export interface PreparedBackup {
  readonly options: ResolvedOptions;
  readonly gateway: ResolvedGatewayOptions;
  readonly detected: DetectedGateway;
  readonly plan: BackupPlan;
  readonly sink: ImageSink;
  /** Final file name, with its time stamp. */
  readonly imageName: string;
  /** Absolute, where one was asked for. */
  readonly mappingTemplate: string | undefined;
  readonly startedAt: Date;
}
