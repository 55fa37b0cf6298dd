import { closeSync, lstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setImmediate as breathe } from 'node:timers/promises';

// Looks at everything new in the folders that are named, as fast as it can, until its standard input ends; then prints
// which modes it saw and what it could open.
const folders = process.argv.slice(2);
const modes: Record<string, Set<string>> = {};
const opened = new Set<string>();
const atStart = new Set(folders.flatMap(list));
let rounds = 0;
const done = new AbortController();
process.stdin.resume().once('end', () => {
  done.abort();
});
console.log('watching');
while (!done.signal.aborted) {
  rounds += 1;
  for (const path of folders.flatMap(list)) {
    if (atStart.has(path)) continue;
    try {
      const found = lstatSync(path);
      (modes[path] ??= new Set()).add((found.mode & 0o777).toString(8));
      if (!found.isFile()) continue;
      closeSync(openSync(path, 'r'));
      opened.add(path);
    } catch {
      // Gone already, or not for us, as it should be.
    }
  }
  await breathe();
}
const seen = Object.fromEntries(Object.entries(modes).map(([path, set]) => [path, [...set]]));
console.log(JSON.stringify({ modes: seen, opened: [...opened], rounds }));

function list(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}
