import { lstatSync } from 'node:fs';
import { BackupError } from '../errors.js';
import { printablePath } from './entry-path.js';
import { runProgram, type ProgramResult } from './run-program.js';

/** Default limit for all questions of a component together. */
export const RPM_TIMEOUT_MS = 30_000;

/**
 * How rpm is asked.
 *
 * @internal
 */
export interface RpmOwnerOptions {
  /** Default: `rpm`. */
  readonly program?: string | undefined;
  /** Limit for these questions together, milliseconds. Default: 30,000. */
  readonly timeoutMs?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * The names of the packages that own files. A file that nobody owns is not in the result; without an rpm program nobody
 * owns anything.
 *
 * @param paths - Absolute paths.
 * @throws BackupError `SOURCE_UNREADABLE` if rpm gives no answer, or one that cannot be understood; `CANCELLED`.
 * @internal
 */
export async function rpmOwners(
  paths: readonly string[],
  { program = 'rpm', timeoutMs = RPM_TIMEOUT_MS, signal }: RpmOwnerOptions,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const owners = new Map<string, readonly string[]>();
  const endsAt = Date.now() + timeoutMs;
  // The last batch is the next one; a batch whose answer is ambiguous is asked again in halves.
  const batches = inBatches(paths).reverse();
  for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
    const result = await runProgram(program, ['-qf', '--qf', '%{NAME}\n', '--', ...batch], {
      signal,
      timeoutMs: Math.max(1, endsAt - Date.now()),
      maximumOutputBytes: 16 * 1024 * 1024,
    });
    if (result.outcome === 'missing') return new Map();
    if (result.outcome === 'failed') throw rpmFailed(program, result.reason);
    const answers = understand(batch, result);
    if (answers !== undefined) {
      for (const [path, packages] of answers) owners.set(path, packages);
    } else if (batch.length > 1) {
      const middle = batch.length >> 1;
      batches.push(batch.slice(middle), batch.slice(0, middle));
    } else {
      throw rpmFailed(program, complaint(result));
    }
  }
  return owners;
}

type EndedProgram = Extract<ProgramResult, { readonly outcome: 'ended' }>;

const batchPaths = 1000;
// Far below what any Linux takes for arguments.
const batchBytes = 96 * 1024;
const packageName = /^[A-Za-z0-9_][A-Za-z0-9._+~^-]*$/;

function inBatches(paths: readonly string[]): string[][] {
  const batches: string[][] = [];
  let bytes = Infinity;
  for (const path of paths) {
    const current = batches.at(-1);
    bytes += Buffer.byteLength(path) + 1;
    if (current !== undefined && current.length < batchPaths && bytes <= batchBytes) {
      current.push(path);
    } else {
      batches.push([path]);
      bytes = Buffer.byteLength(path) + 1;
    }
  }
  return batches;
}

/** `undefined` if it cannot be said which line answers for which path. */
function understand(
  batch: readonly string[],
  result: EndedProgram,
): ReadonlyMap<string, readonly string[]> | undefined {
  const answers = new Map<string, readonly string[]>();
  const [first] = batch;
  if (batch.length === 1 && first !== undefined) {
    const packages = understandOne(first, result);
    if (packages === undefined) return undefined;
    if (packages.length > 0) answers.set(first, packages);
    return answers;
  }
  // Without a complaint every path has a line at least, so as many lines as paths means one line for each.
  const lines = linesOf(result.stdout);
  if (result.stderr !== '' || lines.length !== batch.length) return undefined;
  let unowned = 0;
  for (const [index, line] of lines.entries()) {
    const path = batch[index];
    if (path === undefined) return undefined;
    if (line === notOwned(path)) unowned += 1;
    else if (packageName.test(line)) answers.set(path, [line]);
    else return undefined;
  }
  return endedWell(result, unowned > 0) ? answers : undefined;
}

function understandOne(path: string, result: EndedProgram): readonly string[] | undefined {
  const { stdout, stderr } = result;
  // A newline in a name makes several lines of this one.
  if (stdout === `${notOwned(path)}\n` && stderr === '' && endedWell(result, true)) return [];
  const lines = linesOf(stdout);
  if (
    stderr === '' &&
    lines.length > 0 &&
    lines.every((line) => packageName.test(line)) &&
    endedWell(result, false)
  ) {
    return lines;
  }
  // rpm looks at the file too; when it is gone there is nothing left to ask.
  return lstatSync(path, { throwIfNoEntry: false }) === undefined ? [] : undefined;
}

function notOwned(path: string): string {
  return `file ${path} is not owned by any package`;
}

// It counts the files without an owner in its exit code.
function endedWell({ exitCode }: EndedProgram, hasUnowned: boolean): boolean {
  return exitCode !== null && (hasUnowned ? exitCode > 0 : exitCode === 0);
}

function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

function complaint({ exitCode, stdout, stderr }: EndedProgram): string {
  const said = printablePath(Buffer.from((stderr || stdout).trim().slice(0, 200)));
  const ended = exitCode === null ? 'it was killed' : `it ended with exit code ${exitCode}`;
  return said === '' ? `${ended} and said nothing` : `${ended} and said: ${said}`;
}

function rpmFailed(program: string, reason: string): BackupError {
  return new BackupError(
    'SOURCE_UNREADABLE',
    `${program} cannot tell who owns the JMS libraries: ${reason}`,
    {
      stage: 'collect',
      reason: 'rpm-failed',
      hint: 'Repair the rpm database, or give another rpm program.',
    },
  );
}
