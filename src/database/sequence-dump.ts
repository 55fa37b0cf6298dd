import { dumpFailed } from './database-errors.js';
import type { DumpableSession } from './dumpable-session.js';
import { identifier, quotedIdentifier, survivesRestore } from './identifier.js';

/** Statements that recreate a sequence, at the number it would give next. */
export async function sequenceLines(session: DumpableSession, name: string): Promise<string> {
  const quoted = quotedIdentifier(name);
  const [definition] = await session.query(`SHOW CREATE SEQUENCE ${quoted}`);
  const [state] = await session.query(`SELECT next_not_cached_value, cycle_count FROM ${quoted}`);
  const createSql = definition?.[1]?.toString('utf8').replace(quoted, identifier(name));
  const [next, cycles] = state ?? [];
  if (createSql === undefined || !survivesRestore(createSql) || next === undefined || cycles === undefined) {
    throw dumpFailed(`Sequence "${name}" cannot be carried.`, 'unsupported-table');
  }
  return (
    `DROP SEQUENCE IF EXISTS ${identifier(name)};\n${createSql};\n` +
    `DO SETVAL(${identifier(name)},${next?.toString() ?? 'NULL'},0,${cycles?.toString() ?? '0'});\n`
  );
}
