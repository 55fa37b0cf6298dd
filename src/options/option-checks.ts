import { BackupError } from '../errors.js';
import { isObject } from '../support/is-object.js';

/** What the value of an option may be. Leaving it out is always allowed, unless it is `required`. */
export interface OptionKind {
  readonly is: (value: unknown) => boolean;
  /** Ends the sentence "Option x …". */
  readonly must: string;
  readonly required?: boolean | undefined;
}

/** The kinds that most options are of. */
export const optionKinds = {
  text: {
    is: (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
    must: 'must be a text that is not empty',
  },
  flag: { is: (value) => typeof value === 'boolean', must: 'must be true or false' },
  positive: {
    is: (value) => typeof value === 'number' && value > 0 && value < Infinity,
    must: 'must be a number above 0',
  },
  milliseconds: {
    // What is longer, a timer takes for one millisecond.
    is: (value) => typeof value === 'number' && value > 0 && value < 2 ** 31,
    must: 'must be a number of milliseconds, above 0 and below 2,147,483,648 (24 days)',
  },
  object: { is: isObject, must: 'must be an object' },
  list: { is: Array.isArray, must: 'must be an array' },
  function: { is: (value) => typeof value === 'function', must: 'must be a function' },
  secret: {
    is: (value) =>
      typeof value === 'string' || typeof value === 'function' || (isObject(value) && 'reveal' in value),
    must: 'must be a text, a Secret or a function that gives one',
  },
  signal: {
    is: (value) => isObject(value) && 'aborted' in value && 'addEventListener' in value,
    must: 'must be an AbortSignal',
  },
} as const satisfies Readonly<Record<string, OptionKind>>;

/** What is checked elsewhere. */
export function anything(): OptionKind {
  return { is: () => true, must: '' };
}

/** One of a few words. */
export function oneOf(...words: readonly string[]): OptionKind {
  const is = (value: unknown): boolean => words.includes(value as string);
  return { is, must: `must be ${words.map((word) => JSON.stringify(word)).join(' or ')}` };
}

/** A whole number in a range. */
export function wholeNumber(least: number, most: number): OptionKind {
  const is = (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
  return { is, must: `must be a whole number from ${least} to ${most}` };
}

/** The same kind, of an option that has to be there. */
export function required(kind: OptionKind): OptionKind {
  return { ...kind, required: true };
}

/**
 * Checks options against a table that has them all.
 *
 * @param within - Put before the names in messages, for example `sink.`.
 * @throws BackupError `INVALID_OPTIONS`, naming the option.
 */
export function checkOptions(
  options: unknown,
  table: Readonly<Record<string, OptionKind>>,
  { within = '', onlyThese = true }: { readonly within?: string; readonly onlyThese?: boolean } = {},
): void {
  if (!isObject(options)) {
    throw invalidOption(
      within === '' ? 'The options must be an object.' : `Option ${within.slice(0, -1)} must be an object.`,
      'wrong-type',
    );
  }
  for (const key of onlyThese ? Object.keys(options) : []) {
    if (Object.hasOwn(table, key)) continue;
    const known = Object.keys(table).map((name) => within + name);
    throw invalidOption(`Unknown option ${within}${key}. Known are: ${known.join(', ')}.`, 'unknown-option');
  }
  for (const [name, kind] of Object.entries(table)) {
    const value = options[name];
    if (value === undefined ? kind.required === true : !kind.is(value)) {
      throw invalidOption(
        `Option ${within}${name} ${kind.must}.`,
        value === undefined ? 'missing' : 'wrong-value',
      );
    }
  }
}

/** Whether something can be the name of a component. */
export function isComponentName(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z][a-z0-9-]*$/.test(value);
}

/** The error for an option that is not as it should be. */
export function invalidOption(message: string, reason: string): BackupError {
  return new BackupError('INVALID_OPTIONS', message, { stage: 'options', reason });
}
