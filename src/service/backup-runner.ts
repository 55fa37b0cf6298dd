import type { BackupEvent } from '../events.js';
import type { BackupOptions } from '../options/backup-options.js';
import type { CompletedReport } from '../report.js';
import type { ImageSink } from '../sinks/image-sink.js';
import type { AbortableOptions } from '../support/abort.js';

/**
 * The slice of a `GatewayBackup` that the service needs.
 *
 * @public
 */
export interface BackupRunner {
  /** Makes one image and stores it in the sink. */
  run(
    options: BackupOptions,
    run?: AbortableOptions & {
      readonly sink?: ImageSink | undefined;
      readonly onEvent?: ((event: BackupEvent) => void) | undefined;
    },
  ): Promise<CompletedReport>;
}
