import { ignoredSwitch, switchTable, type SwitchRow } from '../options/switches.js';
import { programOptions, secretVariables, type ProgramOptionRow } from './program-options.js';

/** The rows of both tables, as usage text, completion and manual page show them. */
export function usageRows(): readonly {
  name: string;
  value: string | null;
  summary: string;
  section: string;
}[] {
  const rows: readonly SwitchRow[] = Object.values(switchTable);
  const program: readonly (readonly [string, ProgramOptionRow])[] = Object.entries(programOptions);
  return [
    ...rows
      .filter(({ custom }) => !custom)
      .map(({ switch: name, value, summary }) => ({ name, value, summary, section: 'Switches' })),
    { name: ignoredSwitch, value: '[VALUE]', summary: 'ignored', section: 'Switches' },
    ...rows
      .filter(({ custom }) => custom)
      .map(({ switch: name, value, summary }) => ({
        name,
        value,
        summary,
        section: 'Components; naming one makes the backup custom: only the named ones are taken',
      })),
    ...program.map(([name, { value, summary }]) => ({ name, value, summary, section: 'Of this program' })),
  ];
}

/** The usage text, printed by `--help` and after an invalid argument. */
export function usage(): string {
  const rows = usageRows().map((row) => ({
    ...row,
    left: row.value === null ? row.name : `${row.name} ${row.value}`,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  const lines = ['Usage: ssgbackup -image FILE [SWITCH …]'];
  let section = '';
  for (const row of rows) {
    if (row.section !== section) {
      section = row.section;
      lines.push('', `${section}:`);
    }
    lines.push(`  ${row.left.padEnd(width)}  ${row.summary}`);
  }
  lines.push('', 'Secrets are taken from the environment too:');
  for (const variable of Object.values(secretVariables)) lines.push(`  ${variable}`);
  lines.push('', 'Exit status: 0 success, 2 partial, 1 failure or invalid argument, 130 or 143 cancelled.');
  return lines.join('\n');
}
