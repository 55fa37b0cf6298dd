import type { DumpSummary } from '../database/database-dump.js';
import type { CollectorContext, JsonValue } from './component-collector.js';

/** What `backup.json` says of a dump. */
export function annotations(summary: DumpSummary): Readonly<Record<string, JsonValue>> {
  const { snapshot, outsideSnapshot } = summary;
  return {
    serverVersion: summary.serverVersion,
    consistency: {
      consistent: outsideSnapshot.length === 0,
      snapshot: snapshot.number,
      snapshotTakenAt: `${snapshot.takenAt.replace(' ', 'T')}Z`,
      outsideSnapshot,
    },
    seesWholeSchema: summary.complete,
    rows: summary.rows,
    tables: summary.tables,
    largestStatementBytes: summary.largestStatement,
    timestampTables: summary.timestampTables,
    invalidText: summary.invalidText,
  };
}

/** What an operator should know of a dump that is whole all the same. */
export function warnOfDump(
  context: CollectorContext,
  { complete, outsideSnapshot, invalidText }: DumpSummary,
): void {
  if (!complete) {
    context.warn(
      'The database user has no right on the database as a whole: tables that it does not see are missing from the backup.',
    );
  }
  if (outsideSnapshot.length > 0) {
    context.warn(
      `These tables know no transactions and were read outside the common snapshot: ${outsideSnapshot.join(', ')}.`,
    );
  }
  const columns = Object.keys(invalidText);
  if (columns.length > 0) {
    context.warn(
      `These columns hold text that is no valid UTF-8; it was taken byte for byte: ${columns.join(', ')}.`,
    );
  }
}

/** Both, for the main database, and what of it a backup does not capture. */
export function reportMainDump(context: CollectorContext, summary: DumpSummary): void {
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
