import type { Applicability, ComponentCollector, ComponentName } from '../collectors/component-collector.js';
import { BackupError, isBackupError } from '../errors.js';
import type { GatewayFacts } from '../gateway/gateway-facts.js';
import type { BackupOptions } from '../options/backup-options.js';
import { checkOptions, isComponentName, optionKinds, required } from '../options/option-checks.js';
import { resolveOptions } from '../options/resolve-options.js';
import { checkPlan, planRules } from './plan-rules.js';

/**
 * Why a component is, or is not, part of a backup.
 *
 * - `selected`: it was named.
 * - `default`: a standard backup takes it.
 * - `not-selected`: a custom backup does not name it, or it needs a switch of its own.
 * - `not-applicable`: it cannot be collected on this gateway; in a custom backup, where it was named, it fails.
 * - `overridden`: it was asked for by a switch that another one overrides.
 *
 * @public
 */
export type PlanReason = 'selected' | 'default' | 'not-selected' | 'not-applicable' | 'overridden';

/**
 * One line of a plan.
 *
 * @public
 */
export interface PlannedComponent {
  /** The component's name. */
  readonly component: ComponentName;
  /** Whether its collector will run. */
  readonly included: boolean;
  /** The rule that decided, in a word. */
  readonly reason: PlanReason;
  /** A full sentence for the operator. */
  readonly explanation: string;
  /** Uncompressed bytes expected, when asked for and known. */
  readonly estimatedBytes?: number | undefined;
}

/**
 * Which components a backup takes, in which order, and why not the others. A pure value: the same options and facts
 * give the same plan, and making one touches nothing.
 *
 * @example
 * ```ts
 * declare const facts: GatewayFacts;
 * const plan = BackupPlan.create({ image: 'node1.zip', maindb: true }, facts, defaultCollectors());
 * for (const { component, included, explanation } of plan.components) console.log(component, included, explanation);
 * ```
 *
 * @public
 */
export class BackupPlan {
  /** `custom`: only named components are wanted. */
  readonly kind: 'standard' | 'custom';
  /** In run order: the order of the collectors. */
  readonly components: readonly PlannedComponent[];
  /** What was asked for and will not happen. */
  readonly warnings: readonly string[];

  private constructor(
    kind: 'standard' | 'custom',
    components: readonly PlannedComponent[],
    warnings: readonly string[],
  ) {
    this.kind = kind;
    this.components = components;
    this.warnings = warnings;
    Object.freeze(this);
  }

  /**
   * Decides.
   *
   * @throws BackupError `INVALID_OPTIONS` for a refused combination or something that is no collector,
   * `COMPONENT_FAILED` when a collector throws instead of saying whether it applies, `NOTHING_TO_BACK_UP` when nothing
   * was asked for that a collector could give.
   */
  static create(
    options: BackupOptions,
    gateway: GatewayFacts,
    collectors: readonly ComponentCollector[],
  ): BackupPlan {
    const resolved = resolveOptions(options);
    const names = new Set<ComponentName>();
    for (const [index, collector] of collectors.entries()) {
      checkOptions(collector, collectorMembers, { within: `collectors[${index}].`, onlyThese: false });
      const { component } = collector;
      if (names.has(component)) {
        throw new BackupError(
          'INVALID_OPTIONS',
          `Two collectors for the component ${component} were given.`,
          {
            stage: 'plan',
            reason: 'duplicate-collector',
          },
        );
      }
      names.add(component);
    }
    for (const component of resolved.esm ? [...resolved.selected, 'esm'] : resolved.selected) {
      if (!names.has(component)) {
        throw new BackupError(
          'INVALID_OPTIONS',
          `No collector for the component ${component}: pass one in the option collectors.`,
          { stage: 'plan', reason: 'no-collector' },
        );
      }
    }
    checkPlan(resolved, gateway);
    const warnings: string[] = [];
    const components = collectors.map((collector): PlannedComponent => {
      const { component } = collector;
      const input = { component, options: resolved, applicability: applicabilityOf(collector, gateway) };
      for (const { decide } of planRules) {
        const decision = decide(input);
        if (decision === undefined) continue;
        const { included, reason, explanation, warning } = decision;
        if (warning !== undefined) warnings.push(warning);
        return Object.freeze({ component, included, reason, explanation });
      }
      throw new BackupError('INTERNAL', `no rule decides about ${component}`, { stage: 'plan', component });
    });
    const plan = new BackupPlan(resolved.kind, Object.freeze(components), Object.freeze(warnings));
    if (!components.some((line) => line.included || plan.failsFor(line))) {
      throw new BackupError('NOTHING_TO_BACK_UP', `There is nothing to back up:\n${plan.toString()}`, {
        stage: 'plan',
      });
    }
    return plan;
  }

  /**
   * Whether a line is a failure of the run before it begins: named in a custom backup, but not applicable.
   *
   * @internal
   */
  failsFor(line: PlannedComponent): boolean {
    return line.reason === 'not-applicable' && this.kind === 'custom';
  }

  /**
   * The plan with the sizes that were found out.
   *
   * @internal
   */
  withEstimates(estimates: ReadonlyMap<ComponentName, number>): BackupPlan {
    const components = this.components.map((line) => {
      const estimatedBytes = estimates.get(line.component);
      return estimatedBytes === undefined ? line : Object.freeze({ ...line, estimatedBytes });
    });
    return new BackupPlan(this.kind, Object.freeze(components), this.warnings);
  }

  /** One line a component, for people. */
  toString(): string {
    const width = Math.max(...this.components.map(({ component }) => component.length));
    return this.components
      .map(({ component, included, explanation, estimatedBytes }) => {
        const size = estimatedBytes === undefined ? '' : ` About ${estimatedBytes} bytes.`;
        return `${included ? '+' : '-'} ${component.padEnd(width)}  ${explanation}${size}`;
      })
      .join('\n');
  }
}

const collectorMembers = {
  component: {
    // The top of an image has entries of its own.
    is: (value: unknown): boolean => isComponentName(value) && value !== 'version',
    must: 'must be lower-case letters, digits and -, and not "version", which is an entry of every image',
    required: true,
  },
  applicability: required(optionKinds.function),
  collect: required(optionKinds.function),
  estimate: optionKinds.function,
} satisfies Record<keyof ComponentCollector, unknown>;

function applicabilityOf(collector: ComponentCollector, gateway: GatewayFacts): Applicability {
  const { component } = collector;
  try {
    const applicability: unknown = collector.applicability(gateway);
    if (isApplicability(applicability)) return applicability;
    throw new TypeError('{ applies: true }, or { applies: false, explanation }, was expected');
  } catch (error) {
    if (isBackupError(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new BackupError('COMPONENT_FAILED', `${component} cannot tell whether it applies: ${why}`, {
      stage: 'plan',
      component,
      cause: error,
    });
  }
}

function isApplicability(value: unknown): value is Applicability {
  const { applies, explanation } = (value ?? {}) as Partial<Applicability & { explanation: unknown }>;
  return applies === true || (applies === false && typeof explanation === 'string');
}
