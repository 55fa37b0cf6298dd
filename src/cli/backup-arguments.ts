import type { GatewayBackupOptions } from '../backup/gateway-backup-options.js';
import { BackupError } from '../errors.js';
import type { BackupOptions } from '../options/backup-options.js';
import { Secret } from '../secrets/secret.js';
import type { ParsedArguments } from './parse-arguments.js';
import { secretVariables, type ProgramOption } from './program-options.js';
import { readSecretFile } from './read-secret-file.js';

/** What a command line asks the library for. */
export interface BackupArguments {
  readonly options: BackupOptions;
  readonly gateway: GatewayBackupOptions;
  readonly warnings: readonly string[];
}

/**
 * Turns a parsed command line into the library's options.
 *
 * @throws BackupError `INVALID_OPTIONS` for a secret file that cannot be read, or a bad level.
 */
export function backupArguments(
  parsed: ParsedArguments,
  environment: Readonly<Record<string, string | undefined>>,
): BackupArguments {
  const { flags, values, program } = parsed;
  const warnings = [...parsed.notes];
  if (values.has('ftp.password')) {
    warnings.push(
      'A password on the command line can be seen by other users of this machine: rather use --ftp-password-file or ' +
        `${secretVariables.ftpPassword}.`,
    );
  }
  const secret = (option: ProgramOption, variable: string): Secret | undefined => {
    const file = program.get(option);
    if (file !== undefined) return readSecretFile(file, option);
    const value = environment[variable];
    return value === undefined || value === '' ? undefined : new Secret(value);
  };
  const flag = (option: Parameters<typeof flags.has>[0]): true | undefined => flags.has(option) || undefined;
  return {
    options: {
      // A missing image is an error of the library, which names it.
      image: values.get('image')!,
      mappingTemplate: values.get('mappingTemplate'),
      includeAudits: flag('includeAudits'),
      verbose: flag('verbose'),
      haltOnFirstFailure: flag('haltOnFirstFailure'),
      ftp: ftpOptions(parsed, secret),
      os: flag('os'),
      config: flag('config'),
      maindb: flag('maindb'),
      audits: flag('audits'),
      ext: flag('ext'),
      ca: flag('ca'),
      ma: flag('ma'),
      esm: flag('esm'),
    },
    gateway: {
      gatewayRoot: program.get('--root'),
      hostRoot: program.get('--host-root'),
      workDirectory: program.get('--work-dir'),
      gatewayVersion: program.get('--gateway-version'),
      databasePassword: secret('--db-password-file', secretVariables.databasePassword),
      passphrase: secret('--passphrase-file', secretVariables.passphrase),
      compressionLevel: level(program.get('--level')),
    },
    warnings,
  };
}

function ftpOptions(
  { values, program }: ParsedArguments,
  secret: (option: ProgramOption, variable: string) => Secret | undefined,
): BackupOptions['ftp'] {
  const host = values.get('ftp.host');
  const user = values.get('ftp.user');
  const written = values.get('ftp.password');
  const named = [host, user, written, program.get('--ftp-password-file')].some(
    (value) => value !== undefined,
  );
  // A password that only stands in the environment does not ask for an upload.
  if (!named) return undefined;
  const password =
    written === undefined ? secret('--ftp-password-file', secretVariables.ftpPassword) : new Secret(written);
  // The library names what is missing.
  return { host, user, password } as BackupOptions['ftp'];
}

function level(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9]$/.test(text)) {
    throw new BackupError('INVALID_OPTIONS', '--level takes one digit, 0 to 9.', {
      stage: 'options',
      reason: 'wrong-value',
    });
  }
  return Number(text);
}
