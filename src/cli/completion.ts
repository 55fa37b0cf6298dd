import { BackupError } from '../errors.js';
import { usageRows } from './usage.js';

/**
 * A completion script made from the switch table.
 *
 * @throws BackupError `INVALID_OPTIONS` for a shell that is not known.
 */
export function completionScript(shell: string): string {
  const make = scripts.get(shell);
  if (make === undefined) {
    throw new BackupError('INVALID_OPTIONS', `--completion knows ${[...scripts.keys()].join(', ')}.`, {
      stage: 'options',
      reason: 'wrong-value',
    });
  }
  return make();
}

const scripts = new Map([
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
]);

const takesPath = (value: string | null): boolean => value === 'FILE' || value === 'FOLDER';

function bash(): string {
  const rows = usageRows();
  const names = rows.map(({ name }) => name).join(' ');
  const paths = rows.filter(({ value }) => takesPath(value)).map(({ name }) => name);
  const values = rows.filter(({ value }) => value !== null && !takesPath(value)).map(({ name }) => name);
  return `_ssgbackup() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  case "$previous" in
    ${paths.join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$current")); return ;;
    ${values.filter((name) => name !== '--completion').join('|')}) COMPREPLY=(); return ;;
  esac
  COMPREPLY=($(compgen -W "${names}" -- "$current"))
}
complete -o filenames -F _ssgbackup ssgbackup`;
}

function zsh(): string {
  const quote = (text: string): string =>
    text.replaceAll("'", "'\\''").replaceAll('[', '\\[').replaceAll(']', '\\]');
  const lines = usageRows().map(({ name, value, summary }) => {
    const action = takesPath(value) ? ':file:_files' : value === null ? '' : `:${value.toLowerCase()}:`;
    // In the specification of an option a colon separates its parts.
    return `  '${name}[${quote(summary)}]${action.replace(/\[:port\]/, '')}'`;
  });
  return `#compdef ssgbackup\n_arguments -S \\\n${lines.join(' \\\n')}`;
}

function fish(): string {
  return usageRows()
    .map(({ name, value, summary }) => {
      const option = name.startsWith('--') ? `-l ${name.slice(2)}` : `-o ${name.slice(1)}`;
      const files = takesPath(value) ? ' -r -F' : value === null ? ' -f' : ' -x';
      return `complete -c ssgbackup ${option}${files} -d '${summary.replaceAll("'", "\\'")}'`;
    })
    .join('\n');
}
