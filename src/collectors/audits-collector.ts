import type { DumpOptions } from '../database/database-dump.js';
import { databaseApplicability } from './applicability.js';
import type { ComponentCollector } from './component-collector.js';

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
      const { asDumpable } = await import('../database/dumpable-session.js');
      const { gzipBlocks } = await import('../image/gzip-blocks.js');
      const { listedAuditTables } = await import('./audit-tables.js');
      const { annotations, warnOfDump } = await import('./dump-annotations.js');
      const session = asDumpable(await context.database());
      const listed = await listedAuditTables(context);
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
      const { isAuditTable } = await import('../database/audit-table.js');
      const { estimateDataBytes } = await import('../database/database-catalog.js');
      const { listedAuditTables } = await import('./audit-tables.js');
      const listed = await listedAuditTables(context);
      return estimateDataBytes(
        await context.database(),
        (table) => isAuditTable(table) && listed?.includes(table) !== false,
      );
    },
  };
}
