import type { ComponentName } from './collectors/component-collector.js';
import type { PlannedComponent } from './plan/backup-plan.js';
import type { ComponentReport, StoredImageReport } from './report.js';

/**
 * What happens during a run, in order. Delivered to `onEvent`; an observer that throws is logged and ignored.
 *
 * @public
 */
export type BackupEvent =
  | { readonly type: 'planned'; readonly components: readonly PlannedComponent[] }
  | {
      readonly type: 'component-started';
      readonly component: ComponentName;
      /** Uncompressed bytes expected, when the collector can tell. */
      readonly estimatedBytes?: number | undefined;
    }
  | {
      /** At most every 500 ms, and once at the end of what it counts. */
      readonly type: 'progress';
      readonly stage: 'collect' | 'verify' | 'store';
      /** Only in stage `collect`. */
      readonly component?: ComponentName | undefined;
      readonly bytes: number;
      readonly totalBytes?: number | undefined;
    }
  | { readonly type: 'component-finished'; readonly report: ComponentReport }
  | { readonly type: 'warning'; readonly message: string; readonly component?: ComponentName | undefined }
  | { readonly type: 'stored'; readonly image: StoredImageReport };
