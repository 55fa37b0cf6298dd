#!/usr/bin/env node
import process from 'node:process';
import { runProgram } from './run-program.js';

// First of all: it wipes the arguments, a password among them perhaps, from the process list.
process.title = 'ssgbackup';
void runProgram().then((status) => {
  process.exitCode = status;
  exitUnread();
});

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
