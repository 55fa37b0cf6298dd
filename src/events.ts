import type { ComponentName } from './collectors/component-collector.js';
import type { PlannedComponent } from './plan/backup-plan.js';
import type { ComponentReport, StoredImageReport } from './report.js';

/**
 * What happens during a run, in order. Delivered to `onEvent`; an observer that throws is logged and ignored.
 *
 * @public
 */
export type BackupEvent =
  | {
      /** Once, before any work. */
      readonly type: 'planned';
      /** The lines of the plan, in run order. */
      readonly components: readonly PlannedComponent[];
    }
  | {
      /** Before each component that is read. A second attempt at it is not announced again. */
      readonly type: 'component-started';
      /** Its name. */
      readonly component: ComponentName;
      /** Uncompressed bytes expected, when the collector can tell. */
      readonly estimatedBytes?: number | undefined;
    }
  | {
      /** At most every 500 ms, and once at the end of what it counts. */
      readonly type: 'progress';
      /** What is going on: collecting a component, reading the image back, or storing it. */
      readonly stage: 'collect' | 'verify' | 'store';
      /** Only in stage `collect`. */
      readonly component?: ComponentName | undefined;
      /** So far: uncompressed content in stage `collect`, from 0 again in a second attempt; else of the image's file. */
      readonly bytes: number;
      /** What they will come to; in stage `collect` an estimate, and absent when there is none. */
      readonly totalBytes?: number | undefined;
    }
  | {
      /** After each component that was wanted. */
      readonly type: 'component-finished';
      /** Its line of the report. */
      readonly report: ComponentReport;
    }
  | {
      /** At any time. */
      readonly type: 'warning';
      /** A sentence; it is in the report, too. */
      readonly message: string;
      /** The component that it is about, if it is about one. */
      readonly component?: ComponentName | undefined;
    }
  | {
      /** The image is at its final place. */
      readonly type: 'stored';
      /** Where, how large, and its digest. */
      readonly image: StoredImageReport;
    };
