import type { Readable, Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { BackupError } from '../errors.js';
import { Secret } from '../secrets/secret.js';

/** A password from a terminal, twice and without an echo, or else from the first line of the input. */
export async function askPassword(input: Readable & Partial<ReadStream>, output: Writable): Promise<Secret> {
  if (input.isTTY !== true) return new Secret(await readLine(input));
  input.setRawMode?.(true);
  try {
    const first = await askOnce(input, output, 'Password: ');
    const second = await askOnce(input, output, 'Again: ');
    if (first !== second) throw invalid('The two passwords differ.');
    return new Secret(first);
  } finally {
    input.setRawMode?.(false);
    input.pause();
  }
}

async function askOnce(input: Readable, output: Writable, prompt: string): Promise<string> {
  output.write(prompt);
  try {
    return await readLine(input, true);
  } finally {
    output.write('\n');
  }
}

/** Reads up to a line end; on a raw terminal it also understands the keys that a terminal handles otherwise. */
function readLine(input: Readable, raw = false): Promise<string> {
  return new Promise((resolve, reject) => {
    let line: number[] = [];
    const settle = (error?: Error): void => {
      input.off('data', onData).off('end', onEnd).off('error', settle);
      input.pause();
      if (error === undefined) resolve(Buffer.from(line).toString('utf8').replace(/\r$/, ''));
      else reject(error);
    };
    const onEnd = (): void => {
      settle();
    };
    const onData = (chunk: Buffer): void => {
      for (const [index, byte] of chunk.entries()) {
        if (byte === 0x0a || (raw && byte === 0x0d)) {
          if (raw && index + 1 < chunk.length) input.unshift(chunk.subarray(index + 1));
          settle();
          return;
        }
        if (raw && byte === 0x03) {
          settle(invalid('Cancelled.'));
          return;
        }
        if (raw && (byte === 0x7f || byte === 0x08)) line = withoutLastCharacter(line);
        else line.push(byte);
      }
    };
    input.on('data', onData).on('end', onEnd).on('error', settle);
    input.resume();
  });
}

function withoutLastCharacter(bytes: readonly number[]): number[] {
  return [...Buffer.from(Array.from(Buffer.from(bytes).toString('utf8')).slice(0, -1).join(''), 'utf8')];
}

function invalid(message: string): BackupError {
  return new BackupError('INVALID_OPTIONS', message, { stage: 'options', reason: 'password' });
}
