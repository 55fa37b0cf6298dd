import { parentPort, workerData } from 'node:worker_threads';
import { prepareContentSync } from '../image/prepare-content.js';
import { folderOf, HeldFolder } from './held-folder.js';
import { readOnce } from './read-source.js';
import {
  emptyAnswer,
  MAX_BATCHED_BYTES,
  splitPaths,
  writeAnswer,
  type PreparedSource,
  type SourceAnswer,
  type SourceBatch,
  type SourceMessage,
  type SourceWorkerData,
} from './source-batch.js';
import { SourceRoot } from './source-root.js';

// The program of a thread that reads small files for SourceReader. What it cannot read or has to tell more of than
// figures it leaves to the thread that asked, which then finds it by itself.
const { level } = workerData as SourceWorkerData;
const port = parentPort!;
const scratch = Buffer.allocUnsafeSlow(MAX_BATCHED_BYTES + 1);

port.on('message', (batch: SourceBatch | 'close') => {
  if (batch === 'close') {
    port.close();
    return;
  }
  const answer = answerTo(batch);
  say(answer, [answer.buffer, answer.figures.buffer as ArrayBuffer, answer.digests.buffer as ArrayBuffer]);
});
say('ready');

function say(message: SourceMessage, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function answerTo({ paths, compressed, root, buffer }: SourceBatch): SourceAnswer {
  const list = splitPaths(paths);
  const target = new Uint8Array(buffer);
  const answer = emptyAnswer(list.length, buffer);
  using sources = new Sources(SourceRoot.from(root));
  let used = 0;
  for (const [index, path] of list.entries()) {
    const prepared = sources.prepare(path, compressed[index] === 1);
    if (prepared === undefined || prepared.content.compressedBytes > target.length - used) continue;
    const offset = used;
    for (const piece of prepared.content.pieces) {
      target.set(piece, used);
      used += piece.length;
    }
    writeAnswer(answer, index, offset, prepared);
  }
  return answer;
}

/** Files below a root. They come folder by folder, so the folder of the last one is held for the next. */
class Sources implements Disposable {
  readonly #root: SourceRoot;
  #folder: HeldFolder | undefined;

  constructor(root: SourceRoot) {
    this.#root = root;
  }

  prepare(path: Buffer, isCompressed: boolean): PreparedSource | undefined {
    try {
      const source = readOnce(path, this.#root, scratch, this.#folderOf(path));
      if (source === undefined) return undefined;
      const { content, facts } = source;
      return {
        content: prepareContentSync(content, { level, compressed: isCompressed ? 'likely' : 'no' }),
        facts,
      };
    } catch {
      // It throws again where it can be reported.
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#folder?.[Symbol.dispose]();
    this.#folder = undefined;
  }

  #folderOf(path: Buffer): HeldFolder | undefined {
    if (this.#folder?.isFolderOf(path) === true) return this.#folder;
    this[Symbol.dispose]();
    const isUseful = HeldFolder.isPossible && this.#root.descriptorPath(0) !== undefined;
    if (isUseful) this.#folder = HeldFolder.open(folderOf(path), this.#root);
    return this.#folder;
  }
}
