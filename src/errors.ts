import type { FailedReport } from './report.js';

/**
 * Stable error codes. The message of an error is for people and may change; the code is API.
 *
 * @public
 */
export type BackupErrorCode =
  /** The options, or the command line, ask for something that cannot be. Nothing was touched. */
  | 'INVALID_OPTIONS'
  /** There is no Gateway at this place, or it was never configured. */
  | 'GATEWAY_NOT_CONFIGURED'
  /** The plan is empty; the message holds it. */
  | 'NOTHING_TO_BACK_UP'
  /** A component failed and ended the run, or failed with an error that is no `BackupError`. */
  | 'COMPONENT_FAILED'
  /** A file or folder could not be read as it should. */
  | 'SOURCE_UNREADABLE'
  /** The main database could not be reached, or not be logged in to. */
  | 'DATABASE_UNAVAILABLE'
  /** A dump broke in the middle; nothing of it is in the image. */
  | 'DATABASE_DUMP_FAILED'
  /** The staged image, or the lock of the run, could not be written. */
  | 'IMAGE_WRITE_FAILED'
  /** The image that was read back is not the one that was written. */
  | 'IMAGE_INVALID'
  /** The mapping template could not be made. */
  | 'MAPPING_TEMPLATE_FAILED'
  /** The sink cannot be reached; mostly retryable. */
  | 'SINK_UNAVAILABLE'
  /** The sink said no, and will say so again. */
  | 'SINK_REJECTED'
  /** The sink broke while the image was being stored. */
  | 'SINK_FAILED'
  /** The signal was aborted; its reason is the cause. */
  | 'CANCELLED'
  /** What the components need is more than what is free. */
  | 'INSUFFICIENT_SPACE'
  /** Another backup of this node is at work; retryable. */
  | 'BUSY'
  /** A defect of this package, or a wrong use of one of its classes. */
  | 'INTERNAL';

/**
 * Where in a run an error arose.
 *
 * @public
 */
export type BackupStage =
  'options' | 'plan' | 'collect' | 'image' | 'mapping' | 'store' | 'verify' | 'service';

/**
 * Facts of a {@link BackupError}, given when it is made.
 *
 * @public
 */
export interface BackupErrorFacts {
  /** Where in a run. */
  readonly stage: BackupStage;
  /** A finer, stable reason inside the code, for example `access-denied` or `name-taken`. See docs/errors.md. */
  readonly reason?: string | undefined;
  /** The component that failed, when one did. */
  readonly component?: string | undefined;
  /** Whether the same call may succeed later without a change. Default: false. */
  readonly retryable?: boolean | undefined;
  /** What the reader can do about it. */
  readonly hint?: string | undefined;
  /** What was done until then, when a run had begun. */
  readonly report?: FailedReport | undefined;
  /** The error behind this one, as it was thrown. */
  readonly cause?: unknown;
}

// A symbol of the global registry, so that two installed copies of this package recognise each other's errors.
const brand = Symbol.for('gateway-backup.BackupError');

/**
 * The one error class of this package.
 *
 * @example
 * ```ts
 * throw new BackupError('SINK_REJECTED', 'The shelf is full.', {
 *   stage: 'store',
 *   reason: 'quota-exceeded',
 *   hint: 'Take something off the shelf.',
 * });
 * ```
 *
 * @public
 */
export class BackupError extends Error {
  /** What went wrong: the one thing to branch on. */
  readonly code: BackupErrorCode;
  /** Where in a run. */
  readonly stage: BackupStage;
  /** A finer, stable reason inside the code. See docs/errors.md. */
  readonly reason: string | undefined;
  /** The component that failed, when one did. */
  readonly component: string | undefined;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** What the reader can do about it. */
  readonly hint: string | undefined;
  /** What was done until then, when a run had begun. */
  readonly report: FailedReport | undefined;

  /**
   * @param code - What to branch on.
   * @param message - For people, in a sentence.
   * @param facts - At least where in a run.
   */
  constructor(code: BackupErrorCode, message: string, facts: BackupErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.stage = facts.stage;
    this.reason = facts.reason;
    this.component = facts.component;
    this.retryable = facts.retryable ?? false;
    this.hint = facts.hint;
    this.report = facts.report;
    Object.defineProperty(this, brand, { value: true });
  }

  /**
   * The same error with the report of the run attached.
   *
   * @internal
   */
  withReport(report: FailedReport): BackupError {
    const { stage, reason, component, retryable, hint, cause } = this;
    const copy = new BackupError(this.code, this.message, {
      stage,
      reason,
      component,
      retryable,
      hint,
      report,
      cause,
    });
    if (this.stack !== undefined) copy.stack = this.stack;
    return copy;
  }

  /**
   * The printable facts, by allow list: without the report, which prints by itself, and never the cause, which may come
   * from a driver and hold anything.
   */
  toJSON(): Record<string, unknown> {
    const { code, message, stage, reason, component, retryable, hint } = this;
    return { code, message, stage, reason, component, retryable, hint };
  }
}
// On the prototype, so that it is not an own property of every error that gets inspected.
Object.defineProperty(BackupError.prototype, 'name', { value: 'BackupError' });

/**
 * Whether a value is a {@link BackupError}, also one of another installed copy of this package.
 *
 * @example
 * ```ts
 * try {
 *   await runBackup({ image: 'node1.zip' });
 * } catch (error) {
 *   if (!isBackupError(error)) throw error;
 *   console.error(error.code, error.message, error.hint);
 * }
 * ```
 *
 * @public
 */
export function isBackupError(value: unknown): value is BackupError {
  return typeof value === 'object' && value !== null && brand in value;
}
