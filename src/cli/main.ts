#!/usr/bin/env node
import process from 'node:process';
import { runProgram } from './run-program.js';

// First of all: it wipes the arguments, a password among them perhaps, from the process list.
process.title = 'ssgbackup';
void runProgram().then((status) => {
  process.exitCode = status;
});
