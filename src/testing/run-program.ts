import { spawn } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import { BackupError } from '../errors.js';

/**
 * What a program reads on its standard input: text, bytes, or pieces of either as they are made.
 *
 * @public
 */
export type ProgramInput =
  string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Runs a program to its end, without a shell, and returns what it printed.
 *
 * @throws BackupError `INTERNAL`, reason `program-failed`, with the program's last words when it cannot be started or
 * does not exit with 0.
 * @internal
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly input?: ProgramInput | undefined; readonly cwd?: string | undefined } = {},
): Promise<Buffer> {
  const child = spawn(program, args, { stdio: 'pipe', cwd: options.cwd });
  const output: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A program that fails stops reading; its own words are the better error than the broken pipe that follows.
  const fed = pipeline(chunksOf(options.input ?? ''), child.stdin).catch((error: unknown) => error);
  let status: number | null;
  try {
    status = await ended;
  } catch (cause) {
    throw new BackupError('INTERNAL', `${program} could not be started`, {
      stage: 'service',
      reason: 'program-failed',
      cause,
    });
  }
  const feedError = await fed;
  if (status !== 0 || feedError !== undefined) {
    const words = Buffer.concat(complaints).toString().trim().slice(-2000);
    throw new BackupError('INTERNAL', `${program} ended with ${status ?? 'a signal'}: ${words}`, {
      stage: 'service',
      reason: 'program-failed',
      cause: feedError,
    });
  }
  return Buffer.concat(output);
}

async function* chunksOf(input: ProgramInput): AsyncGenerator<Buffer> {
  let small: Buffer[] = [];
  let bytes = 0;
  for await (const piece of typeof input === 'string' || input instanceof Uint8Array ? [input] : input) {
    const chunk = Buffer.from(piece as Uint8Array);
    small.push(chunk);
    bytes += chunk.length;
    // Statements come line by line; a write to the pipe for each would cost more than the statement.
    if (bytes < 65_536) continue;
    yield Buffer.concat(small);
    small = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(small);
}
