import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import type { BackupImage, SinkContext } from 'gateway-backup';

/** An image of repeatable content, kept in memory, that remembers the streams it gave out. */
export interface TestImage extends BackupImage {
  readonly content: Buffer;
  readonly opened: Readable[];
}

export function testImage(bytes: number, name = '20261124093000_node1.zip'): TestImage {
  const chunkBytes = 64 * 1024;
  const content = Buffer.alloc(bytes);
  // A cheap generator whose output repeats nowhere near a chunk's length, so that lost or doubled pieces show.
  for (let index = 0, value = 12345; index + 4 <= bytes; index += 4) {
    value = (Math.imul(value, 1664525) + 1013904223) | 0;
    content.writeInt32LE(value, index);
  }
  const opened: Readable[] = [];
  return {
    name,
    bytes,
    sha256: createHash('sha256').update(content).digest('hex'),
    path: '',
    content,
    opened,
    open: () => {
      let offset = 0;
      const stream = new Readable({
        highWaterMark: chunkBytes,
        read() {
          this.push(offset < bytes ? content.subarray(offset, (offset += chunkBytes)) : null);
        },
      });
      opened.push(stream);
      return stream;
    },
  };
}

/** A context that records what a sink says. */
export interface RecordingContext extends SinkContext {
  readonly controller: AbortController;
  readonly lines: string[];
  readonly warnings: string[];
  readonly progressed: number[];
  /** Listeners that were left on the signal. */
  listeners(): number;
}

export function recordingContext(): RecordingContext {
  const controller = new AbortController();
  const lines: string[] = [];
  const warnings: string[] = [];
  const progressed: number[] = [];
  return {
    controller,
    signal: controller.signal,
    lines,
    warnings,
    progressed,
    log: (format, ...values) => lines.push([format, ...values.map(String)].join(' ')),
    warn: (message) => warnings.push(message),
    progress: (bytes) => progressed.push(bytes),
    listeners: () => getEventListeners(controller.signal, 'abort').length,
  };
}
