import { readFileSync } from 'node:fs';
import { BackupError } from '../errors.js';
import { Secret } from '../secrets/secret.js';
import { errnoOf } from '../support/errno.js';

/**
 * A secret from a file: its content without the final line end.
 *
 * @throws BackupError `INVALID_OPTIONS`, naming the switch.
 */
export function readSecretFile(file: string, option: string): Secret {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new BackupError(
      'INVALID_OPTIONS',
      `${option}: ${file} cannot be read (${errnoOf(error) ?? 'unknown'}).`,
      {
        stage: 'options',
        reason: 'secret-file-unreadable',
        cause: error,
      },
    );
  }
  const value = text.replace(/\r?\n$/, '');
  if (value === '') {
    throw new BackupError('INVALID_OPTIONS', `${option}: ${file} is empty.`, {
      stage: 'options',
      reason: 'secret-file-empty',
    });
  }
  return new Secret(value);
}
