import type { BackupErrorCode } from './errors.js';
import type { ComponentName } from './collectors/component-collector.js';

/**
 * What became of one component.
 *
 * @public
 */
export type ComponentReport = CollectedComponent | UncollectedComponent;

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
  /** Entries of this component in the image. */
  readonly entries: number;
  /** Their uncompressed size. */
  readonly bytes: number;
  /** Time that it took. */
  readonly durationMs: number;
}

/**
 * A component of which nothing is in the image.
 *
 * @public
 */
export interface UncollectedComponent {
  /** The component's name. */
  readonly component: ComponentName;
  /** `failed` makes the backup partial, `not-applicable` does not. */
  readonly status: 'not-applicable' | 'failed';
  /** Why, in a sentence. */
  readonly reason: string;
  /** The code of the error, for a failed component. */
  readonly code?: BackupErrorCode | undefined;
  /** Nothing of it is in the image. */
  readonly entries: 0;
  /** Nothing of it is in the image. */
  readonly bytes: 0;
  /** Time until it failed. */
  readonly durationMs: number;
}

/**
 * The finished image, where it was stored.
 *
 * @public
 */
export interface StoredImageReport {
  /** Final path or address, without any user information. */
  readonly path: string;
  /** Size of the whole image. */
  readonly bytes: number;
  /** SHA-256 of the whole image, lower-case hex. */
  readonly sha256: string;
}

/**
 * What a run did. A run that fails rejects with a `BackupError` whose `report` has `status: 'failed'`.
 *
 * @public
 */
export interface BackupReport {
  /** `success`: every component that was wanted and applies is whole in the image. */
  readonly status: 'success' | 'partial' | 'failed';
  /** `null` when there is no image. */
  readonly image: StoredImageReport | null;
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
  /** Why there is no image, or, in a partial run, what else that was asked for is missing. */
  readonly error?:
    | { readonly code: BackupErrorCode; readonly message: string; readonly hint?: string | undefined }
    | undefined;
}
