// Changes files without a pause, in a thread of its own, until it is told to stop.
import { renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** What to change. */
export type RestlessFiles =
  /** Writes it anew, each time full of another byte. */
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
  if ('rewrite' in work) writeFileSync(work.rewrite, Buffer.alloc(work.bytes, 1 + (count % 255)));
  else swap(work.swap, work.target);
  // The message to stop has to get through.
  if (count % 50 === 0) await setImmediate();
}

function swap(folder: string, target: string): void {
  renameSync(folder, `${folder}.away`);
  symlinkSync(target, folder);
  unlinkSync(folder);
  renameSync(`${folder}.away`, folder);
}
