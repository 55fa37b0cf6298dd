// Dumps a database and compresses the dump, in a process of its own whose peak memory can be told:
// host port database user password
import { readFileSync } from 'node:fs';
import { dumpMainDatabase } from '#dist/database/database-dump.js';
import { openMysqlSession } from '#dist/database/mysql-session.js';
import { gzipBlocks } from '#dist/image/gzip-blocks.js';
import { Secret } from '#dist/secrets/secret.js';

const [host, port, name, user, password] = process.argv.slice(2) as [string, string, string, string, string];
const session = await openMysqlSession({
  host,
  port: Number(port),
  name,
  user,
  password: new Secret(password),
});
const dump = dumpMainDatabase(session);
let imageBytes = 0;
for await (const block of gzipBlocks(dump.blocks)) imageBytes += block.length;
await session.close();
const [, peakKib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!;
console.log(JSON.stringify({ peakBytes: Number(peakKib) * 1024, sqlBytes: dump.summary!.bytes, imageBytes }));
