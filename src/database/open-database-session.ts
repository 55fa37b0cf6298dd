import type { AbortableOptions } from '../support/abort.js';
import type { OpenDatabaseSession } from './database-session.js';
import type { DatabaseSessionConfig } from './database-session-config.js';

/**
 * Connects to the main database and takes a consistent, read-only snapshot of it. Close the session with
 * `await using`, or by calling `close`.
 *
 * @throws BackupError `DATABASE_UNAVAILABLE` with a `reason` (see docs/errors.md), or `CANCELLED`.
 * @example
 * ```ts
 * const password = new Secret('secret');
 * await using session = await openDatabaseSession({ host: 'localhost', port: 3306, name: 'ssg', user: 'gateway', password });
 * const [row] = await session.query('SELECT current_version FROM ssg_version');
 * console.log(row?.[0]?.toString());
 * ```
 *
 * @public
 */
export async function openDatabaseSession(
  config: DatabaseSessionConfig,
  options: AbortableOptions = {},
): Promise<OpenDatabaseSession> {
  // Loaded when it is needed, so that importing this package stays cheap.
  const { openMysqlSession } = await import('./mysql-session.js');
  return openMysqlSession(config, options);
}
