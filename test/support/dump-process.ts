// Dumps a database and compresses the dump, in a process of its own whose peak memory can be told:
// host port database user password
import { readFileSync } from 'node:fs';
import { dumpMainDatabase } from '#dist/database/database-dump.js';
import { gzipBlocks } from '#dist/image/gzip-blocks.js';
import { sessionFromArguments } from './session-from-arguments.js';

const session = await sessionFromArguments();
const dump = dumpMainDatabase(session);
let imageBytes = 0;
for await (const block of gzipBlocks(dump.blocks)) imageBytes += block.length;
await session.close();
const [, peakKib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!;
console.log(JSON.stringify({ peakBytes: Number(peakKib) * 1024, sqlBytes: dump.summary!.bytes, imageBytes }));
