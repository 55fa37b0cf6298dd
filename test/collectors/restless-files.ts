// Changes files without a pause, in a thread of its own, until it is told to stop.
import { closeSync, openSync, renameSync, symlinkSync, unlinkSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** What to change. */
export type RestlessFiles =
  /** Writes it anew, piece by piece, each time full of another byte. */
  | { readonly rewrite: string; readonly bytes: number }
  /** Replaces this folder by a link to the other one, and back. */
  | { readonly swap: string; readonly target: string };

const told = { toStop: false };
parentPort!.once('message', () => {
  told.toStop = true;
});
parentPort!.postMessage('ready');

const work = workerData as RestlessFiles;
for (let count = 0; !told.toStop; count++) {
  if ('rewrite' in work) rewrite(work.rewrite, work.bytes, 1 + (count % 255));
  else swap(work.swap, work.target);
  // The message to stop has to get through.
  if (count % 50 === 0) await setImmediate();
}

function rewrite(file: string, bytes: number, byte: number): void {
  const descriptor = openSync(file, 'r+');
  const piece = Buffer.alloc(bytes / 8, byte);
  for (let position = 0; position < bytes; position += piece.length) {
    writeSync(descriptor, piece, 0, piece.length, position);
  }
  closeSync(descriptor);
}

function swap(folder: string, target: string): void {
  renameSync(folder, `${folder}.away`);
  symlinkSync(target, folder);
  unlinkSync(folder);
  renameSync(`${folder}.away`, folder);
}
