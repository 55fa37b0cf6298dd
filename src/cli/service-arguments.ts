import { BackupError } from '../errors.js';

/** What `gateway-backup-service` is asked to do. */
export type ServiceCommand =
  | { readonly command: 'help' | 'version' }
  | { readonly command: 'serve' | 'check'; readonly config: string }
  | {
      readonly command: 'add-user';
      readonly config: string;
      readonly users: string | undefined;
      readonly login: string;
      readonly administrator: boolean;
      readonly passwordFile: string | undefined;
      readonly expires: Date | undefined;
      readonly certificates: readonly string[];
    };

const defaultConfigFile = '/etc/gateway-backup-service.json';

/** The usage text of `gateway-backup-service`. */
export const serviceUsage = `Usage:
  gateway-backup-service [--config FILE]
      Serve the backups of this node over TLS until SIGTERM. SIGHUP reads certificate and key again.
  gateway-backup-service check [--config FILE]
      Check the configuration and what it names, and end.
  gateway-backup-service add-user LOGIN [--config FILE | --users FILE] [--administrator]
                         [--password-file FILE] [--expires DATE] [--certificate FILE ...]
      Add a user to a users file, or replace the one with that login. The password is asked for on a terminal,
      else read from the first line of standard input.

Options:
  --config FILE         configuration, JSON (default ${defaultConfigFile})
  --users FILE          users file (default: the one that the configuration names)
  --administrator       the user may make backups
  --password-file FILE  file that holds the password
  --expires DATE        end of the account, for example 2027-01-31
  --certificate FILE    a client certificate, PEM, that the user must present; may be repeated
  --help                print this text
  --version             print the version of this program
`;

const valued = new Set(['--config', '--users', '--password-file', '--expires', '--certificate']);
const flags = new Set(['--administrator', '--help', '--version']);

/** @throws BackupError `INVALID_OPTIONS`, naming the argument. */
export function parseServiceArguments(args: readonly string[]): ServiceCommand {
  const values = new Map<string, string[]>();
  const words: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? '';
    if (!argument.startsWith('-')) words.push(argument);
    else if (flags.has(argument)) values.set(argument, []);
    else if (!valued.has(argument)) throw invalid(`${argument} is not known`);
    else {
      const value = args[++index];
      if (value === undefined || value.startsWith('-')) throw invalid(`${argument} needs a value`);
      values.set(argument, [...(values.get(argument) ?? []), value]);
    }
  }
  if (values.has('--help')) return { command: 'help' };
  if (values.has('--version')) return { command: 'version' };
  return interpret(words, values);
}

function interpret(words: readonly string[], values: ReadonlyMap<string, readonly string[]>): ServiceCommand {
  const last = (name: string): string | undefined => values.get(name)?.at(-1);
  const config = last('--config') ?? defaultConfigFile;
  const [command = 'serve', login, ...rest] = words;
  if (command === 'add-user') {
    if (login === undefined) throw invalid('add-user needs a login');
    if (rest[0] !== undefined)
      throw invalid(`${rest[0]} is one word too many; a password is never an argument`);
    return {
      command,
      config,
      users: last('--users'),
      login,
      administrator: values.has('--administrator'),
      passwordFile: last('--password-file'),
      expires: date(last('--expires')),
      certificates: values.get('--certificate') ?? [],
    };
  }
  if (command !== 'serve' && command !== 'check') throw invalid(`${command} is no command`);
  if (login !== undefined) throw invalid(`${login} is one word too many`);
  const foreign = [...values.keys()].find((name) => name !== '--config');
  if (foreign !== undefined) throw invalid(`${foreign} belongs to add-user`);
  return { command, config };
}

function date(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const parsed = new Date(text);
  if (Number.isNaN(parsed.getTime())) throw invalid(`--expires: ${text} is no date like 2027-01-31`);
  return parsed;
}

function invalid(message: string): BackupError {
  return new BackupError('INVALID_OPTIONS', `${message}.`, { stage: 'options', reason: 'arguments' });
}
