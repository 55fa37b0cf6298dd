import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import ts from 'typescript';
import { switchTable } from '#dist/options/switches.js';
import { projectRoot } from './source-files.js';

describe('the switch table', () => {
  const options = join(projectRoot, 'src/options/backup-options.ts');
  const table = join(projectRoot, 'src/options/switches.ts');
  const text = readFileSync(options, 'utf8');

  test('compiles as it stands', () => {
    assert.deepEqual(faults(table, new Map()), []);
  });

  test('does not compile when an option has no row', () => {
    const more = text.replace(
      'readonly image: string;',
      'readonly image: string;\n  readonly forgotten?: boolean;',
    );
    assert.notEqual(more, text);
    assert.match(faults(table, new Map([[options, more]])).join('\n'), /forgotten/u);
  });

  test('does not compile when a row has no option', () => {
    const fewer = text.replace(/^ {2}readonly esm\?: .*$/mu, '');
    assert.notEqual(fewer, text);
    assert.match(faults(table, new Map([[options, fewer]])).join('\n'), /esm/u);
  });

  test('holds every switch of the product, and which of them make a backup custom', () => {
    const rows = Object.values(switchTable);
    assert.deepEqual(rows.map((row) => row.switch).sort(), [
      '-audits',
      '-ca',
      '-config',
      '-esm',
      '-ext',
      '-ftp_host',
      '-ftp_pass',
      '-ftp_user',
      '-halt',
      '-ia',
      '-image',
      '-it',
      '-ma',
      '-maindb',
      '-os',
      '-v',
    ]);
    assert.deepEqual(
      rows
        .filter((row) => row.custom)
        .map((row) => row.switch)
        .sort(),
      ['-audits', '-ca', '-config', '-ext', '-ma', '-maindb', '-os'],
    );
  });
});

/** What the compiler says of a file, with other texts in the place of some. */
function faults(file: string, texts: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(join(projectRoot, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  ) as {
    config: object;
  };
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, projectRoot);
  const settings: ts.CompilerOptions = { ...parsed.options, noEmit: true, incremental: false };
  delete settings.tsBuildInfoFile;
  const host = ts.createCompilerHost(settings);
  const readFile = host.readFile.bind(host);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  const program = ts.createProgram([file], settings, host);
  const source = program.getSourceFile(file);
  return program
    .getSemanticDiagnostics(source)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
