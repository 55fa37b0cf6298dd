import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import ts from 'typescript';
import { projectRoot } from '../architecture/source-files.js';

/** The code below an `@example`. Names of this package need no import there. */
interface Example {
  readonly place: string;
  readonly code: string;
}

/** The public functions and classes, and the types, with the entry point that has them. */
const publicNames = new Map(
  (['gateway-backup', 'gateway-backup/service', 'gateway-backup/testing'] as const).flatMap((entry) => {
    const report = readFileSync(join(projectRoot, 'etc', `${entry.replace('/', '-')}.api.md`), 'utf8');
    return [...report.matchAll(/^export (?<kind>type|interface|class|function|const) (?<name>\w+)/gmu)].map(
      ({ groups = {} }) => [groups['name'] ?? '', { entry, kind: groups['kind'] ?? '' }] as const,
    );
  }),
);

const sources = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(projectRoot, 'src', path), 'utf8') }));

describe('the examples in the documentation of the API', () => {
  test('are there for every public function and class', () => {
    const declared = sources.flatMap(({ text }) => [
      ...text.matchAll(
        /\/\*\*(?<comment>(?:(?!\*\/)[\s\S])*)\*\/\s*export (?:async )?(?:function\*?|class) (?<name>\w+)/gu,
      ),
    ]);
    const withExample = new Set(
      declared
        .filter(({ groups = {} }) => groups['comment']?.includes('@example') === true)
        .map(({ groups = {} }) => groups['name']),
    );
    const without = [...publicNames]
      .filter(([name, { kind }]) => (kind === 'function' || kind === 'class') && !withExample.has(name))
      .map(([name]) => name);
    assert.deepEqual(without, []);
  });

  test('compile', () => {
    const examples = sources.flatMap(({ path, text }) => examplesOf(path, text));
    assert.ok(examples.length > 10);
    assert.deepEqual(problems(examples), []);
  });
});

function examplesOf(path: string, text: string): Example[] {
  return [...text.matchAll(/@example\s*\n\s*\* ```ts\n(?<code>[\s\S]*?)\* ```/gu)].map((match) => ({
    place: `src/${path}:${text.slice(0, match.index).split('\n').length + 1}`,
    code: (match.groups?.['code'] ?? '').replace(/^\s*\* ?/gmu, ''),
  }));
}

function withImports(code: string): string {
  // On one line, so that the lines of what follows can be found again.
  const imports = [...publicNames]
    .filter(([name]) => new RegExp(`\\b${name}\\b`, 'u').test(code))
    .map(([name, { entry, kind }]) => {
      const type = kind === 'type' || kind === 'interface' ? 'type ' : '';
      return `import { ${type}${name} } from '${entry}';`;
    });
  return `${imports.join(' ')} export {};\n${code}`;
}

function problems(examples: readonly Example[]): string[] {
  const names = examples.map((_, index) => join(projectRoot, `build/tsdoc-example-${index}.mts`));
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.Node16,
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const read = host.readFile.bind(host);
  const exists = host.fileExists.bind(host);
  const virtual = (name: string) => {
    const example = examples[names.indexOf(name)];
    return example === undefined ? undefined : withImports(example.code);
  };
  host.readFile = (name) => virtual(name) ?? read(name);
  host.fileExists = (name) => names.includes(name) || exists(name);
  host.getSourceFile = (name, languageVersion) => {
    const text = host.readFile(name);
    return text === undefined ? undefined : ts.createSourceFile(name, text, languageVersion);
  };
  const program = ts.createProgram(names, options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const example = examples[names.indexOf(file?.fileName ?? '')];
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line;
    return `${example?.place ?? file?.fileName ?? ''} line ${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
