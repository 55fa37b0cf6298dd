import type { DumpOptions } from '../database/database-dump.js';
import { bytesEntry } from '../image/image-entry.js';
import { databaseApplicability } from './applicability.js';
import type { ComponentCollector } from './component-collector.js';

/** SQL text against the server's own form: quotes, commas, and two digits for each byte of a blob. */
const SQL_FACTOR = 1.3;

/** Where the dump of the main database lies inside the component. */
export const mainBackupEntry = 'main_backup.sql';

/**
 * Collects the main database without audit records, the licence's id, and the server's configuration file.
 *
 * @example
 * ```ts
 * await runBackup({ image: 'node1.zip', maindb: true }, { collectors: [maindbCollector({ blobLane: false })] });
 * ```
 *
 * @public
 */
export function maindbCollector(options: DumpOptions = {}): ComponentCollector {
  return {
    component: 'maindb',
    applicability: databaseApplicability,
    async *collect(context) {
      // Loaded when they are needed, so that importing this package stays cheap.
      const { catalogOf, dumpMainDatabase } = await import('../database/database-dump.js');
      const { asDumpable } = await import('../database/dumpable-session.js');
      const { findLicence } = await import('../database/licence.js');
      const { reportMainDump } = await import('./dump-annotations.js');
      const session = asDumpable(await context.database());
      const licence = await findLicence(session, await catalogOf(session));
      const dump = dumpMainDatabase(session, options);
      yield {
        path: mainBackupEntry,
        async *open() {
          yield* dump.blocks;
          reportMainDump(context, dump.summary!);
        },
      };
      if (licence.id !== undefined) {
        yield bytesEntry('originallicenseobjectid.txt', licence.id, { placement: 'image' });
      }
      const configuration = await context.file(context.hostPath('etc', 'my.cnf'), 'my.cnf');
      if (configuration !== undefined) yield configuration;
    },
    async estimate(context) {
      const { isAuditTable } = await import('../database/audit-table.js');
      const { estimateDataBytes } = await import('../database/database-catalog.js');
      const session = await context.database();
      return Math.ceil(SQL_FACTOR * (await estimateDataBytes(session, (table) => !isAuditTable(table))));
    },
  };
}
