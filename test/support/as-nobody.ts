import { chownSync, lchownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** The user and group without rights. */
export const nobody = 65_534;

/** Gives a folder and all in it to the user who has no rights. Does nothing for a test run that has none itself. */
export function giveToNobody(folder: string): void {
  if (process.getuid?.() !== 0) return;
  chownSync(folder, nobody, nobody);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (lstatSync(path).isDirectory()) giveToNobody(path);
    else lchownSync(path, nobody, nobody);
  }
}

/** Runs something without the rights of root, to whom no file is unreadable. */
export async function asNobody<T>(run: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return run();
  process.setegid?.(nobody);
  process.seteuid?.(nobody);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
