import { isBackupError } from '../errors.js';
import { logFor } from '../support/log.js';
import { CLOSING_MS, within } from './closing-time.js';
import type { DatabaseSessionConfig } from './database-session-config.js';
import { connectWire } from './mysql-wire.js';

const log = logFor('database');

/** Ends what another connection of ours has the server do, over one of its own. Never throws. */
export async function stopStatement(config: DatabaseSessionConfig, threadId: number): Promise<void> {
  if (!Number.isSafeInteger(threadId)) return;
  const never = new AbortController();
  try {
    const { connection, destroy } = await connectWire(config, CLOSING_MS, never.signal);
    try {
      await within(CLOSING_MS, (done) => {
        connection.on('error', done);
        connection.query(`KILL QUERY ${threadId}`).on('error', done).on('end', done);
      });
    } finally {
      destroy();
    }
  } catch (error) {
    // Best effort: our own connection is gone already, so the server will notice by itself, later.
    log('could not stop our statement: %s', isBackupError(error) ? error.reason : 'unknown error');
  }
}
