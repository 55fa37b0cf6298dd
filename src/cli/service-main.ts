#!/usr/bin/env node
import process from 'node:process';
import { BackupError, isBackupError } from '../errors.js';
import { messageOf } from '../support/message-of.js';
import { ownVersion } from '../support/own-version.js';
import { addUserCommand } from './add-user-command.js';
import { askPassword } from './ask-password.js';
import { serve } from './serve.js';
import { parseServiceArguments, serviceUsage } from './service-arguments.js';
import { readServiceConfig } from './service-config.js';
import { keepYoungSpaceSmall } from './young-space.js';

process.title = 'gateway-backup-service';
main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  },
);

async function main(args: readonly string[]): Promise<number> {
  const command = parseServiceArguments(args);
  switch (command.command) {
    case 'help':
      process.stdout.write(serviceUsage);
      return 0;
    case 'version':
      process.stdout.write(`${ownVersion}\n`);
      return 0;
    case 'add-user': {
      const line = await addUserCommand(command, () => askPassword(process.stdin, process.stderr));
      process.stdout.write(`${line}\n`);
      return 0;
    }
    case 'check':
    case 'serve':
      keepYoungSpaceSmall();
      return serve(readServiceConfig(command.config), { checkOnly: command.command === 'check' });
  }
}

function explain(error: unknown): string {
  if (!isBackupError(error)) return `gateway-backup-service: ${messageOf(error)}`;
  const usage = isUsageError(error) ? `\n\n${serviceUsage}` : '';
  return `gateway-backup-service: ${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}${usage}`;
}

function isUsageError({ code, reason }: BackupError): boolean {
  return code === 'INVALID_OPTIONS' && reason === 'arguments';
}
