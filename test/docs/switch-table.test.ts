import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { programOptions, type ProgramOptionRow } from '#dist/cli/program-options.js';
import { switchTable, type SwitchRow } from '#dist/options/switches.js';
import { section, tableRows } from './markdown.js';

const switches: readonly [string, SwitchRow][] = Object.entries(switchTable);
const expectedSwitches = switches.map(([option, { switch: name, value, custom, summary }]) => [
  value === null ? `\`${name}\`` : `\`${name} ${value}\``,
  `\`${option}\``,
  custom ? 'yes' : '',
  summary,
]);

const ofProgram: readonly [string, ProgramOptionRow][] = Object.entries(programOptions);
const expectedOptions = ofProgram.map(([name, { value, summary }]) => [
  value === null ? `\`${name}\`` : `\`${name} ${value}\``,
  summary,
]);

describe('the tables of switches', () => {
  for (const document of ['README.md', 'docs/command-line.md']) {
    test(`in ${document} is the one that the parser works by`, () => {
      assert.deepEqual(
        tableRows(section(document, 'switches')),
        expectedSwitches,
        asMarkdown(expectedSwitches),
      );
    });
  }

  test('of this program are complete in docs/command-line.md', () => {
    assert.deepEqual(
      tableRows(section('docs/command-line.md', 'program-options')),
      expectedOptions,
      asMarkdown(expectedOptions),
    );
  });
});

/** Shown when the comparison fails: what to put there. */
function asMarkdown(rows: readonly (readonly string[])[]): string {
  return `It should be:\n${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`;
}
