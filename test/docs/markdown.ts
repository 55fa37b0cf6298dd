import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../architecture/source-files.js';

/** The texts that a user reads, by their path below the project's folder. */
export const documents: ReadonlyMap<string, string> = new Map(
  [
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    ...readdirSync(join(projectRoot, 'docs')).map((name) => `docs/${name}`),
  ]
    .filter((path) => path.endsWith('.md'))
    .sort()
    .map((path) => [path, readFileSync(join(projectRoot, path), 'utf8')]),
);

/** A fenced block of a document. */
export interface CodeBlock {
  readonly document: string;
  /** Line of its fence. */
  readonly line: number;
  readonly language: string;
  /** What follows the language, for example `no-run`. */
  readonly notes: readonly string[];
  readonly code: string;
}

/** All fenced blocks of all documents. */
export function codeBlocks(): CodeBlock[] {
  return [...documents].flatMap(([document, text]) =>
    [...text.matchAll(/^```(?<info>[^\n`]+)\n(?<code>[\s\S]*?)^```$/gmu)].map((match) => {
      const [language = '', ...notes] = (match.groups?.['info'] ?? '').trim().split(/\s+/u);
      const line = text.slice(0, match.index).split('\n').length;
      return { document, line, language, notes, code: match.groups?.['code'] ?? '' };
    }),
  );
}

/** What stands between `<!-- name -->` and `<!-- /name -->`. */
export function section(document: string, name: string): string {
  const text = documents.get(document) ?? '';
  const found = new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)<!-- /${name} -->`, 'u').exec(text);
  if (found === null) throw new Error(`${document} has no section ${name}`);
  return found[1] ?? '';
}

/** The cells of a table, without its head; a formatter may have padded them. */
export function tableRows(markdown: string): string[][] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .replace(/^\||\|$/gu, '')
        .split(/(?<!\\)\|/u)
        .map((cell) => cell.trim()),
    );
}
