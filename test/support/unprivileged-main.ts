import process from 'node:process';
import { runProgram } from '#dist/cli/run-program.js';
import { nobody } from './as-nobody.js';

// `ssgbackup` without the rights of root. They are given up only now, when all modules are loaded: the checkout itself may
// lie where nobody else may read.
process.setgroups?.([]);
process.setgid?.(nobody);
process.setuid?.(nobody);
process.exitCode = await runProgram();
