// Fetches and encodes a whole database and throws the blocks away: host port database user password
import { blockPool } from '#dist/image/block-pool.js';
import { dumpAudits, dumpMainDatabase } from '#dist/database/database-dump.js';
import { openMysqlSession } from '#dist/database/mysql-session.js';
import { Secret } from '#dist/secrets/secret.js';

const [host, port, name, user, password] = process.argv.slice(2) as [string, string, string, string, string];
const session = await openMysqlSession({
  host,
  port: Number(port),
  name,
  user,
  password: new Secret(password),
});
for (const dump of [dumpMainDatabase(session), dumpAudits(session, undefined)]) {
  for await (const block of dump.blocks) blockPool.release(block);
}
await session.close();
