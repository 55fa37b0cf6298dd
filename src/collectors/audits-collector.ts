import { readFile } from 'node:fs/promises';
import { isAuditTable } from '../database/audit-table.js';
import type { DumpOptions } from '../database/database-dump.js';
import { asDumpable } from '../database/dumpable-session.js';
import { BackupError } from '../errors.js';
import { gatewayLayout } from '../gateway/gateway-layout.js';
import type { CollectorContext, ComponentCollector } from './component-collector.js';
import { annotations, warnOfDump } from './dump-annotations.js';
import { databaseApplicability } from './maindb-collector.js';

/**
 * Collects the audit records, gzipped. Which tables: those that `cfg/backup_tables_audit` lists and whose name starts
 * with `audit`; without that file, every table named so.
 *
 * @example
 * ```ts
 * const collectors = [maindbCollector({ blobLane: false }), auditsCollector({ blobLane: false })];
 * await runBackup({ image: 'node1.zip', maindb: true, audits: true }, { collectors });
 * ```
 *
 * @public
 */
export function auditsCollector(options: DumpOptions = {}): ComponentCollector {
  return {
    component: 'audits',
    applicability: databaseApplicability,
    async *collect(context) {
      // Loaded when they are needed, so that importing this package stays cheap.
      const { catalogOf, dumpAudits } = await import('../database/database-dump.js');
      const { gzipBlocks } = await import('../image/gzip-blocks.js');
      const session = asDumpable(await context.database());
      const listed = await listedTables(context);
      if (listed !== undefined) {
        const existing = new Set((await catalogOf(session)).tables.map(({ name }) => name));
        const missing = listed.filter((name) => !existing.has(name));
        if (missing.length > 0) context.warn(`Listed audit tables that do not exist: ${missing.join(', ')}.`);
      }
      const dump = dumpAudits(session, listed, options);
      yield {
        path: 'audits.gz',
        content: 'compressed',
        async *open() {
          yield* gzipBlocks(dump.blocks, { level: context.compressionLevel });
          const summary = dump.summary!;
          context.annotate({ ...annotations(summary), sqlBytes: summary.bytes });
          warnOfDump(context, summary);
        },
      };
    },
    async estimate(context) {
      const { estimateDataBytes } = await import('../database/database-catalog.js');
      const listed = await listedTables(context);
      return estimateDataBytes(
        await context.database(),
        (table) => isAuditTable(table) && listed?.includes(table) !== false,
      );
    },
  };
}

/** `undefined`: there is no list. Names that do not start with `audit` are no business of this component. */
async function listedTables({ gateway, warn }: CollectorContext): Promise<readonly string[] | undefined> {
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
