import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** One `import … from`, `export … from`, `import '…'` or `import('…')`. */
export interface ImportLine {
  /** As written. */
  readonly specifier: string;
  /** Only types: it is gone at run time. */
  readonly typeOnly: boolean;
  /** `import('…')`: loaded when it is reached, not with the file. */
  readonly later: boolean;
  /** For a relative one: the file's path below the folder that was read, with suffix `.ts`. */
  readonly target: string | undefined;
}

/** A source file and what it imports. */
export interface SourceFile {
  /** Below the folder that was read, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The text without comments and without the contents of strings. */
  readonly code: string;
  readonly imports: readonly ImportLine[];
}

/** Every file of a folder of the project whose name has the given end. */
export function sourceFiles(folder: string, suffix = '.ts'): SourceFile[] {
  const root = join(projectRoot, folder);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(suffix))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, text, code: codeOf(text), imports: importsOf(text, path, root) };
    });
}

const importLine =
  /^(?:import|export)\s+(?<type>type\s)?[^;'"]*?\sfrom\s*['"](?<from>[^'"]+)['"]|^import\s*['"](?<effect>[^'"]+)['"]|\bimport\(\s*['"](?<dynamic>[^'"]+)['"]\s*\)/gmu;

function importsOf(text: string, path: string, root: string): ImportLine[] {
  return [...text.matchAll(importLine)].map(({ groups = {} }) => {
    const specifier = groups['from'] ?? groups['effect'] ?? groups['dynamic'] ?? '';
    const target = specifier.startsWith('.')
      ? relative(root, join(root, normalize(join(dirname(path), specifier)))).replace(/\.js$/u, '.ts')
      : undefined;
    const later = groups['dynamic'] !== undefined;
    return { specifier, typeOnly: groups['type'] !== undefined, later, target };
  });
}

function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//gu, '')
    .replace(/(?<=^|[\s;{}(),])\/\/.*$/gmu, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/gu, "''");
}
