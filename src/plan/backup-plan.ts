import type { ComponentName } from '../collectors/component-collector.js';

/**
 * Why a component is, or is not, part of a backup.
 *
 * @public
 */
export type PlanReason = 'selected' | 'default' | 'implied' | 'not-selected' | 'not-applicable' | 'overridden';

/**
 * One line of a plan.
 *
 * @public
 */
export interface PlannedComponent {
  readonly component: ComponentName;
  /** Whether its collector will run. */
  readonly included: boolean;
  readonly reason: PlanReason;
  /** A full sentence for the operator. */
  readonly explanation: string;
  /** Uncompressed bytes expected, when asked for and known. */
  readonly estimatedBytes?: number | undefined;
}
