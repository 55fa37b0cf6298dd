import { spawn, type ChildProcess } from 'node:child_process';
import { kill as killProcess } from 'node:process';
import { cancelled } from '../support/abort.js';

/**
 * What a program said, when it came to an end.
 *
 * @internal
 */
export type ProgramResult =
  | {
      readonly outcome: 'ended';
      readonly exitCode: number | null;
      readonly stdout: string;
      readonly stderr: string;
    }
  /** There is no such program. */
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'failed'; readonly reason: string };

/**
 * Limits of {@link runProgram}.
 *
 * @internal
 */
export interface RunProgramOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Limit for each of the two outputs, bytes. */
  readonly maximumOutputBytes: number;
}

/**
 * Runs a program without a shell and with an environment of its own, since ours may hold passwords. At the time limit,
 * or when it says too much, it is killed with all its children, and is not waited for.
 *
 * @throws BackupError `CANCELLED`
 * @internal
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { signal, timeoutMs, maximumOutputBytes }: RunProgramOptions,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(cancelled(signal, 'collect'));
      return;
    }
    // A group of its own, so that children of a wrapper script can be killed too: they keep the pipes open.
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env, cwd: '/' });
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      finish();
    };
    const giveUp = (reason: string): void => {
      kill(child);
      settle(() => {
        resolve({ outcome: 'failed', reason });
      });
    };
    const abort = (): void => {
      kill(child);
      settle(() => {
        reject(cancelled(signal, 'collect'));
      });
    };
    const timer = setTimeout(giveUp, timeoutMs, 'it gave no answer in time');
    signal.addEventListener('abort', abort, { once: true });
    const outputs = [child.stdout, child.stderr].map((stream) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > maximumOutputBytes) giveUp('it said far too much');
      });
      return () => Buffer.concat(chunks).toString('utf8');
    });
    child.on('error', (error) => {
      const missing = 'code' in error && error.code === 'ENOENT';
      settle(() => {
        resolve(missing ? { outcome: 'missing' } : { outcome: 'failed', reason: error.message });
      });
    });
    child.on('close', (exitCode) => {
      const [stdout = '', stderr = ''] = outputs.map((text) => text());
      settle(() => {
        resolve({ outcome: 'ended', exitCode, stdout, stderr });
      });
    });
  });
}

const env = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

function kill(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) killProcess(-child.pid, 'SIGKILL');
  } catch {
    // Gone already, or a system without process groups.
    child.kill('SIGKILL');
  }
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
}
