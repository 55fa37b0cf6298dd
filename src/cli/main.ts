#!/usr/bin/env node
// The global `process`, since importing it costs time at every start: the module's every property is read.
import { usage } from './usage.js';

// First of all: it wipes the arguments, a password among them perhaps, from the process list.
process.title = 'ssgbackup';
quietBrokenPipes();
void answer().then((status) => {
  process.exitCode = status;
  exitUnread();
});

/** The usage text needs nothing but the tables; all the rest is loaded only for those who want more. */
async function answer(): Promise<number> {
  if (process.argv.includes('--help', 2)) {
    process.stdout.write(`${usage()}\n`);
    return 0;
  }
  const { runProgram } = await import('./run-program.js');
  return runProgram();
}

/** A console that breaks, `ssgbackup … | head` or a full disk behind it, must not end a backup. */
function quietBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Output that nobody reads must not keep the program from its end: after ten seconds without a byte taken it is dropped. */
function exitUnread(): void {
  const waiting = (): number => process.stdout.writableLength + process.stderr.writableLength;
  let before = waiting();
  if (before === 0) return;
  setInterval(() => {
    if (waiting() >= before) process.exit();
    before = waiting();
  }, 10_000).unref();
}
