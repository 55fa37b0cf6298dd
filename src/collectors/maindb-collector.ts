import { isAuditTable } from '../database/audit-table.js';
import type { DumpOptions, DumpSummary } from '../database/database-dump.js';
import { asDumpable } from '../database/dumpable-session.js';
import { bytesEntry } from '../image/image-entry.js';
import type { Applicability, CollectorContext, ComponentCollector } from './component-collector.js';
import type { GatewayFacts } from '../gateway/gateway-facts.js';
import { annotations, warnOfDump } from './dump-annotations.js';

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
      const { findLicence } = await import('../database/licence.js');
      const session = asDumpable(await context.database());
      const licence = await findLicence(session, await catalogOf(session));
      const dump = dumpMainDatabase(session, options);
      yield {
        path: mainBackupEntry,
        async *open() {
          yield* dump.blocks;
          report(context, dump.summary!);
        },
      };
      if (licence.id !== undefined) {
        yield bytesEntry('originallicenseobjectid.txt', licence.id, { placement: 'image' });
      }
      const configuration = await context.file(context.hostPath('etc', 'my.cnf'), 'my.cnf');
      if (configuration !== undefined) yield configuration;
    },
    async estimate(context) {
      const { estimateDataBytes } = await import('../database/database-catalog.js');
      const session = await context.database();
      return Math.ceil(SQL_FACTOR * (await estimateDataBytes(session, (table) => !isAuditTable(table))));
    },
  };
}

/** The database is backed up on the node that hosts it. */
export function databaseApplicability({ database }: GatewayFacts): Applicability {
  return database.local ? { applies: true } : { applies: false, explanation: database.localityExplanation };
}

function report(context: CollectorContext, summary: DumpSummary): void {
  context.annotate({
    ...annotations(summary),
    notCaptured: { ...summary.notCaptured, gatewayLicence: true },
  });
  warnOfDump(context, summary);
  for (const [kind, names] of Object.entries(summary.notCaptured)) {
    if (names.length > 0)
      context.warn(`The database has ${kind} that a backup does not capture: ${names.join(', ')}.`);
  }
}
