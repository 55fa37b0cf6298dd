import { BackupError } from '../errors.js';
import { ignoredSwitch, switchTable, type SwitchOption, type SwitchRow } from '../options/switches.js';
import { programOptions, type ProgramOption, type ProgramOptionRow } from './program-options.js';

/** The command line as it was written: nothing is checked here but its form. */
export interface ParsedArguments {
  /** Switches that take no value. */
  readonly flags: ReadonlySet<SwitchOption>;
  /** Switches that take one; the last repeat wins. */
  readonly values: ReadonlyMap<SwitchOption, string>;
  readonly program: ReadonlyMap<ProgramOption, string>;
  /** For the operator: what was accepted and has no effect. */
  readonly notes: readonly string[];
}

const switches = new Map<string, { option: SwitchOption; row: SwitchRow }>(
  Object.entries(switchTable).map(([option, row]) => [row.switch, { option: option as SwitchOption, row }]),
);

/**
 * Reads the command line by the switch table. Names are case sensitive, a token that starts with `-` is a switch, and
 * so a value may not start with one.
 *
 * @throws BackupError `INVALID_OPTIONS` for an unknown switch, a stray value or a missing value.
 */
export function parseArguments(argv: readonly string[]): ParsedArguments {
  const flags = new Set<SwitchOption>();
  const values = new Map<SwitchOption, string>();
  const program = new Map<ProgramOption, string>();
  const notes: string[] = [];
  let index = 0;

  const takeValue = (name: string, valueName: string): string => {
    const value = argv[index];
    if (value === undefined || value.startsWith('-')) {
      const dashed = value === undefined ? '' : ' A value may not start with "-".';
      throw invalid(`${name} needs a value: ${name} ${valueName}.${dashed}`, 'missing-value');
    }
    index += 1;
    return value;
  };

  while (index < argv.length) {
    const token = argv[index]!;
    index += 1;
    if (!token.startsWith('-')) {
      throw invalid(`${printable(token)} does not belong to any switch.`, 'stray-value');
    }
    const known = switches.get(token);
    if (known !== undefined) {
      const { option, row } = known;
      if (row.value === null) flags.add(option);
      else values.set(option, takeValue(token, row.value));
    } else if (token === ignoredSwitch) {
      if (argv[index]?.startsWith('-') === false) index += 1;
      notes.push(`${ignoredSwitch} is ignored.`);
    } else {
      const { name, row, value } = programOption(token);
      program.set(name, row.value === null ? '' : (value ?? takeValue(name, row.value)));
    }
  }
  return { flags, values, program, notes };
}

function programOption(token: string): {
  name: ProgramOption;
  row: ProgramOptionRow;
  value: string | undefined;
} {
  const equals = token.indexOf('=');
  const name = equals === -1 ? token : token.slice(0, equals);
  if (!Object.hasOwn(programOptions, name))
    throw invalid(`Unknown switch ${printable(name)}.`, 'unknown-switch');
  const row: ProgramOptionRow = programOptions[name as ProgramOption];
  const value = equals === -1 ? undefined : token.slice(equals + 1);
  if (row.value === null && value !== undefined) throw invalid(`${name} takes no value.`, 'stray-value');
  return { name: name as ProgramOption, row, value };
}

/** A token as a message may show it: it might be a mistyped password, or be meant to spoil a terminal. */
function printable(token: string): string {
  const short = token.length > 40 ? `${token.slice(0, 40)}…` : token;
  return JSON.stringify(short);
}

function invalid(message: string, reason: string): BackupError {
  return new BackupError('INVALID_OPTIONS', message, { stage: 'options', reason });
}
