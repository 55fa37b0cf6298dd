// Fetches and encodes a whole database and throws the blocks away: host port database user password
import { blockPool } from '#dist/image/block-pool.js';
import { dumpAudits, dumpMainDatabase } from '#dist/database/database-dump.js';
import { sessionFromArguments } from '../test/support/session-from-arguments.js';

const session = await sessionFromArguments();
for (const dump of [dumpMainDatabase(session), dumpAudits(session, undefined)]) {
  for await (const block of dump.blocks) blockPool.release(block);
}
await session.close();
