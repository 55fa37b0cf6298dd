import { readFile } from 'node:fs/promises';
import { isAuditTable } from '../database/audit-table.js';
import { BackupError } from '../errors.js';
import { gatewayLayout } from '../gateway/gateway-layout.js';
import type { CollectorContext } from './component-collector.js';

/**
 * The audit tables that the gateway's own list names. `undefined`: there is no list. Names that do not start with
 * `audit` are no business of this component.
 */
export async function listedAuditTables({
  gateway,
  warn,
}: CollectorContext): Promise<readonly string[] | undefined> {
  const path = gatewayLayout(gateway.gatewayRoot, gateway.hostRoot).auditTables;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new BackupError('SOURCE_UNREADABLE', `The list of audit tables cannot be read: ${path}.`, {
      stage: 'collect',
      cause,
    });
  }
  const names = text
    .split(/\r?\n|\r/)
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '');
  const ours = names.filter(isAuditTable);
  const others = names.filter((name) => !isAuditTable(name));
  if (others.length > 0) warn(`The list of audit tables names tables that are none: ${others.join(', ')}.`);
  return ours;
}
