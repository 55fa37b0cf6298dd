import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BackupError } from '../errors.js';
import type { Secret } from '../secrets/secret.js';
import { thumbprint } from '../service/client-certificate.js';
import { addFileUser } from '../service/users/add-file-user.js';
import type { CertificateThumbprint } from '../service/users/user-directory.js';
import { readSecretFile } from './read-secret-file.js';
import type { ServiceCommand } from './service-arguments.js';
import { readServiceConfig } from './service-config.js';

/**
 * Adds a user to a users file; returns the line to print.
 *
 * @throws BackupError `INVALID_OPTIONS`
 */
export async function addUserCommand(
  command: ServiceCommand & { readonly command: 'add-user' },
  askPassword: () => Promise<Secret>,
): Promise<string> {
  const { login, administrator, expires, passwordFile } = command;
  const users = command.users ?? usersFileOf(command.config);
  const certificates = command.certificates.map(certificateThumbprint);
  const password =
    passwordFile === undefined ? await askPassword() : readSecretFile(passwordFile, '--password-file');
  const done = await addFileUser(users, { login, password, administrator, expires, certificates });
  return `User ${login} ${done === 'added' ? 'was added to' : 'was replaced in'} ${users}.`;
}

function usersFileOf(config: string): string {
  const { users } = readServiceConfig(config);
  if (users !== 'gateway') return users.file;
  throw new BackupError(
    'INVALID_OPTIONS',
    `The configuration ${config} takes its users from the Gateway; add them there, or name a file with --users.`,
    { stage: 'options', reason: 'arguments' },
  );
}

function certificateThumbprint(file: string): CertificateThumbprint {
  try {
    return thumbprint('sha256', new X509Certificate(readFileSync(file)).raw);
  } catch (cause) {
    throw new BackupError('INVALID_OPTIONS', `--certificate: ${file} is not a readable certificate.`, {
      stage: 'options',
      reason: 'arguments',
      cause,
    });
  }
}
