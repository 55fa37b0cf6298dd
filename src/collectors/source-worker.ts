import { parentPort, workerData } from 'node:worker_threads';
import { prepareContentSync } from '../image/prepare-content.js';
import { readOnce } from './read-source.js';
import {
  emptyAnswer,
  MAX_BATCHED_BYTES,
  splitPaths,
  writeAnswer,
  type PreparedSource,
  type SourceAnswer,
  type SourceBatch,
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
  port.postMessage(answer, [
    answer.buffer,
    answer.figures.buffer as ArrayBuffer,
    answer.digests.buffer as ArrayBuffer,
  ]);
});

function answerTo({ paths, compressed, root, buffer }: SourceBatch): SourceAnswer {
  const list = splitPaths(paths);
  const target = new Uint8Array(buffer);
  const answer = emptyAnswer(list.length, buffer);
  const sourceRoot = SourceRoot.from(root);
  let used = 0;
  for (const [index, path] of list.entries()) {
    const prepared = prepareSource(path, sourceRoot, compressed[index] === 1);
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

function prepareSource(path: Buffer, root: SourceRoot, isCompressed: boolean): PreparedSource | undefined {
  try {
    const source = readOnce(path, root, scratch);
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
