import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';

// Loaded before `ssgbackup` where a tracer must know the names of its temporary files beforehand: they hold a process id,
// its start time, and random digits, here counted. There is no process of this id, and so no start time either.
const { pid } = process;
const kill = process.kill.bind(process);
Object.defineProperty(process, 'pid', { value: 2 ** 22 + 7 });
// A program that ends itself by a signal means the real one; one that only asks does not.
process.kill = (target, signal) => kill(target === process.pid && signal !== 0 ? pid : target, signal);
let count = 0;
crypto.randomBytes = (size: number) => {
  const bytes = Buffer.alloc(size);
  bytes.writeUInt8(count++, size - 1);
  return bytes;
};
syncBuiltinESMExports();
