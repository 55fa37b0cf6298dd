import assert from 'node:assert/strict';
import type { DatabaseServer } from '../support/database-server.js';
import { databaseState } from '../support/database-state.js';
import { restoreStatements, runStatements } from '../support/sql-rereader.js';

/**
 * Replays a dump through the stock client and through the restore's rules, and asserts that both give what the source
 * holds. Gives the names of the two databases.
 *
 * @param expected - the source's `databaseState`
 */
export async function assertReplays(
  server: DatabaseServer,
  dump: Buffer,
  expected: string,
): Promise<readonly [string, string]> {
  const client = await server.create();
  await server.mariadb.execute(dump, client);
  assert.equal(await databaseState(server.mariadb, client), expected, 'through the stock client');
  const restore = await server.create();
  await runStatements(restoreStatements(dump), {
    socketPath: server.mariadb.socketPath,
    database: restore,
  });
  assert.equal(await databaseState(server.mariadb, restore), expected, "through the restore's rules");
  return [client, restore];
}
