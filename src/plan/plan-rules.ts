import type { Applicability, ComponentName } from '../collectors/component-collector.js';
import { BackupError } from '../errors.js';
import type { GatewayFacts } from '../gateway/gateway-facts.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { PlanReason } from './backup-plan.js';

/** What a rule looks at. */
export interface PlanRuleInput {
  readonly component: ComponentName;
  readonly options: ResolvedOptions;
  readonly applicability: Applicability;
}

/** What a rule decides. */
export interface PlanRuleDecision {
  readonly included: boolean;
  readonly reason: PlanReason;
  readonly explanation: string;
  /** For the report, when the caller asked for something that will not happen. */
  readonly warning?: string | undefined;
}

/** One rule of precedence: a decision, or `undefined` to leave it to the next one. */
export interface PlanRule {
  readonly name: string;
  readonly decide: (input: PlanRuleInput) => PlanRuleDecision | undefined;
}

/** The rules of precedence, in order; the first that decides wins, and the last always does. */
export const planRules: readonly PlanRule[] = [
  {
    name: 'in a custom backup only -audits takes audit records, -ia does not',
    decide: ({ component, options }) =>
      component === 'audits' && isCustom(options) && options.includeAudits && !options.selected.has('audits')
        ? {
            included: false,
            reason: 'overridden',
            explanation: 'The backup is custom, where -ia takes no audit records; name -audits to take them.',
            warning:
              '-ia is ignored in a custom backup: no audit records are taken; name -audits to take them.',
          }
        : undefined,
  },
  {
    name: 'a custom backup takes only what is named',
    decide: ({ component, options }) =>
      isCustom(options) && component !== 'esm' && !options.selected.has(component)
        ? {
            included: false,
            reason: 'not-selected',
            explanation: 'The backup is custom and does not name it.',
          }
        : undefined,
  },
  {
    name: 'the Enterprise Service Manager is taken only with -esm',
    decide: ({ component, options }) =>
      component === 'esm' && !options.esm
        ? { included: false, reason: 'not-selected', explanation: 'Taken only with -esm.' }
        : undefined,
  },
  {
    name: 'a standard backup takes audit records only with -ia',
    decide: ({ component, options }) =>
      component === 'audits' && !isCustom(options) && !options.includeAudits
        ? {
            included: false,
            reason: 'not-selected',
            explanation: 'Taken in a standard backup only with -ia.',
          }
        : undefined,
  },
  {
    name: 'what does not apply to this gateway is not taken',
    decide: ({ applicability }) =>
      applicability.applies
        ? undefined
        : { included: false, reason: 'not-applicable', explanation: applicability.explanation },
  },
  {
    name: '-audits overrides -ia',
    decide: ({ component, options }) =>
      component === 'audits' && isCustom(options) && options.includeAudits
        ? { included: true, reason: 'selected', explanation: '-audits overrides -ia; the backup is custom.' }
        : undefined,
  },
  {
    name: 'what is named and applies is taken',
    decide: ({ component, options }) =>
      isCustom(options) || component === 'audits' || component === 'esm'
        ? { included: true, reason: 'selected', explanation: 'Named.' }
        : undefined,
  },
  {
    name: 'a standard backup takes every component that applies',
    decide: () => ({ included: true, reason: 'default', explanation: 'Part of a standard backup.' }),
  },
];

/** A combination of options that is refused on this gateway. */
export interface PlanCheck {
  readonly name: string;
  /** The message, or `undefined` if all is well. */
  readonly refuse: (options: ResolvedOptions, gateway: GatewayFacts) => string | undefined;
}

/** The refusals, in the order in which they are tried. */
export const planChecks: readonly PlanCheck[] = [
  {
    name: 'audits-without-maindb',
    refuse: ({ selected }) =>
      selected.has('audits') && !selected.has('maindb')
        ? '-audits (option audits) needs -maindb (option maindb): audit records are restored into the main database.'
        : undefined,
  },
  {
    name: 'mapping-template-without-maindb',
    refuse: ({ mappingTemplate, kind, selected }) =>
      mappingTemplate !== undefined && kind === 'custom' && !selected.has('maindb')
        ? '-it (option mappingTemplate) needs the main database: name -maindb (option maindb) too, or no component.'
        : undefined,
  },
  {
    name: 'esm-not-installed',
    refuse: ({ esm }, gateway) =>
      esm && !gateway.esm.installed
        ? '-esm (option esm): the Enterprise Service Manager is not installed on this machine.'
        : undefined,
  },
  {
    name: 'esm-running',
    refuse: ({ esm }, gateway) =>
      esm && gateway.esm.running
        ? `-esm (option esm): the Enterprise Service Manager is running${
            gateway.esm.pid === undefined ? '' : ` (process ${gateway.esm.pid})`
          }; stop it first, then back it up.`
        : undefined,
  },
];

/** @throws BackupError `INVALID_OPTIONS` for the first refusal. */
export function checkPlan(options: ResolvedOptions, gateway: GatewayFacts): void {
  for (const { name, refuse } of planChecks) {
    const message = refuse(options, gateway);
    if (message !== undefined)
      throw new BackupError('INVALID_OPTIONS', message, { stage: 'plan', reason: name });
  }
}

function isCustom(options: ResolvedOptions): boolean {
  return options.kind === 'custom';
}
