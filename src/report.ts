import type { BackupErrorCode } from './errors.js';
import type { ComponentName } from './collectors/component-collector.js';

/**
 * What became of one component.
 *
 * @public
 */
export type ComponentReport = CollectedComponent | FailedComponent | InapplicableComponent;

/**
 * A component that is whole in the image.
 *
 * @public
 */
export interface CollectedComponent {
  /** The component's name. */
  readonly component: ComponentName;
  /** All of it is in the image. */
  readonly status: 'collected';
  /** Nothing to explain. */
  readonly reason?: undefined;
  /** There is no error. */
  readonly code?: undefined;
  /** Entries of this component in the image. */
  readonly entries: number;
  /** Their uncompressed size. */
  readonly bytes: number;
  /** Time that it took. */
  readonly durationMs: number;
}

/**
 * A component that failed: nothing of it is in the image, and the backup is partial.
 *
 * @public
 */
export interface FailedComponent {
  /** The component's name. */
  readonly component: ComponentName;
  /** Nothing of it is in the image. */
  readonly status: 'failed';
  /** Why, in a sentence. */
  readonly reason: string;
  /** The code of its error; `COMPONENT_FAILED` for one that is no `BackupError`, and where it was named and does not apply. */
  readonly code: BackupErrorCode;
  /** Nothing of it is in the image. */
  readonly entries: 0;
  /** Nothing of it is in the image. */
  readonly bytes: 0;
  /** Time until it failed. */
  readonly durationMs: number;
}

/**
 * A component that this machine does not have. In a standard backup that is no failure.
 *
 * @public
 */
export interface InapplicableComponent {
  /** The component's name. */
  readonly component: ComponentName;
  /** Nothing was tried. */
  readonly status: 'not-applicable';
  /** Why, in a sentence. */
  readonly reason: string;
  /** There is no error. */
  readonly code?: undefined;
  /** Nothing of it is in the image. */
  readonly entries: 0;
  /** Nothing of it is in the image. */
  readonly bytes: 0;
  /** It took no time. */
  readonly durationMs: 0;
}

/**
 * The finished image, where it was stored.
 *
 * @public
 */
export interface StoredImageReport {
  /** Final path or address, as the sink gave it. */
  readonly path: string;
  /** Size of the whole image. */
  readonly bytes: number;
  /** SHA-256 of the whole image, lower-case hex. */
  readonly sha256: string;
}

/**
 * What every run says, whether it made an image or not.
 *
 * @public
 */
export interface ReportFacts {
  /** In run order. */
  readonly components: readonly ComponentReport[];
  /** What an operator should know, in sentences. */
  readonly warnings: readonly string[];
  /** The time that the image's name has. */
  readonly startedAt: Date;
  /** From the start to the stored image. */
  readonly durationMs: number;
  /** Path of the mapping template, when one was asked for and made. */
  readonly mappingTemplate?: string | undefined;
}

/**
 * An error as a report tells of it.
 *
 * @public
 */
export interface ReportedError {
  /** What went wrong. */
  readonly code: BackupErrorCode;
  /** In a sentence. */
  readonly message: string;
  /** What the reader can do about it. */
  readonly hint?: string | undefined;
}

/**
 * What a run did that made an image: what `runBackup` resolves to.
 *
 * @public
 */
export interface CompletedReport extends ReportFacts {
  /** `success`: every component that was wanted and applies is whole in the image. `partial`: something is missing. */
  readonly status: 'success' | 'partial';
  /** The image. */
  readonly image: StoredImageReport;
  /** In a partial run, what else that was asked for is missing. */
  readonly error?: ReportedError | undefined;
}

/**
 * What a run did that made no image: the `report` of the `BackupError` that it rejects with.
 *
 * @public
 */
export interface FailedReport extends ReportFacts {
  /** There is no image. */
  readonly status: 'failed';
  /** There is none. */
  readonly image: null;
  /** Why not. */
  readonly error: ReportedError;
}

/**
 * What a run did.
 *
 * @public
 */
export type BackupReport = CompletedReport | FailedReport;
