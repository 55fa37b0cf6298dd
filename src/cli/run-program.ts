import process from 'node:process';
import { BackupError, isBackupError } from '../errors.js';
import { messageOf } from '../support/message-of.js';
import { ownVersion } from '../support/own-version.js';
import { backupArguments } from './backup-arguments.js';
import { completionScript } from './completion.js';
import { exitCodes, signalExitCodes } from './exit-codes.js';
import { manualPage } from './manual-page.js';
import { parseArguments, type ParsedArguments } from './parse-arguments.js';
import { isInvalidArgument, renderFailure, renderOutcome, reportOfFailure } from './render.js';
import { RunOutput } from './run-output.js';
import { watchSignals } from './signals.js';
import { usage } from './usage.js';
import { keepYoungSpaceSmall } from './young-space.js';
import { renderVerification } from './render-verification.js';

/** The program `ssgbackup`: parse, run, print, exit status. */
export async function runProgram(): Promise<number> {
  const argv = process.argv.slice(2);
  if (argv.includes('--version')) return print(ownVersion);
  const json = argv.includes('--json');
  try {
    const parsed = parseArguments(argv);
    const shell = parsed.program.get('--completion');
    if (shell !== undefined) return print(completionScript(shell));
    if (parsed.program.has('--man')) return print(manualPage(ownVersion));
    const file = parsed.program.get('--verify');
    if (file !== undefined) return await verify(file, json);
    return parsed.program.has('--plan') ? await plan(parsed, json) : await backup(parsed, json);
  } catch (error) {
    return fail(error, json);
  }
}

async function backup(parsed: ParsedArguments, json: boolean): Promise<number> {
  const { options, gateway, warnings } = backupArguments(parsed, process.env);
  const output = new RunOutput({
    json,
    verbose: options.verbose === true,
    progress: !parsed.program.has('--no-progress'),
    gateway,
  });
  for (const warning of warnings) output.note(warning);
  keepYoungSpaceSmall();
  const signals = watchSignals();
  try {
    const { GatewayBackup } = await import('../backup/gateway-backup.js');
    const report = await new GatewayBackup(gateway).run(options, {
      signal: signals.signal,
      onEvent: (event) => {
        output.event(event);
      },
    });
    output.finish(report, renderOutcome(report));
    return exitCodes[report.status];
  } catch (error) {
    const known = asBackupError(error);
    output.fail(known, renderFailure(known));
    if (isInvalidArgument(known)) process.stderr.write(`\n${usage()}\n`);
    return signals.received === undefined ? exitCodes.failed : signalExitCodes[signals.received];
  } finally {
    signals.stop();
    output.close();
  }
}

async function plan(parsed: ParsedArguments, json: boolean): Promise<number> {
  const { options, gateway, warnings } = backupArguments(parsed, process.env);
  return untilSignal(json, async (signal) => {
    const { GatewayBackup } = await import('../backup/gateway-backup.js');
    const result = await new GatewayBackup(gateway).plan(options, { signal });
    for (const warning of [...warnings, ...result.warnings]) process.stderr.write(`Note: ${warning}\n`);
    return print(json ? JSON.stringify({ type: 'plan', components: result.components }) : result.toString());
  });
}

async function verify(file: string, json: boolean): Promise<number> {
  return untilSignal(json, async (signal) => {
    const { verifyImage } = await import('../image/verify-image.js');
    const verification = await verifyImage(file, { signal });
    const text = json
      ? JSON.stringify({ type: 'verification', ...verification, record: undefined })
      : renderVerification(file, verification);
    print(text);
    return verification.valid ? exitCodes.success : exitCodes.failed;
  });
}

/** Work that a signal to this process ends, with that signal's exit status. */
async function untilSignal(json: boolean, work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const signals = watchSignals();
  try {
    return await work(signals.signal);
  } catch (error) {
    if (signals.received === undefined) throw error;
    fail(error, json);
    return signalExitCodes[signals.received];
  } finally {
    signals.stop();
  }
}

function fail(error: unknown, json: boolean): number {
  const known = asBackupError(error);
  process.stderr.write(`${renderFailure(known)}\n`);
  if (isInvalidArgument(known)) process.stderr.write(`\n${usage()}\n`);
  if (json) print(JSON.stringify({ type: 'report', ...reportOfFailure(known) }));
  return exitCodes.failed;
}

function asBackupError(error: unknown): BackupError {
  if (isBackupError(error)) return error;
  return new BackupError(
    'INTERNAL',
    `This is a defect of gateway-backup, please report it: ${messageOf(error)}`,
    { stage: 'plan', cause: error },
  );
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return exitCodes.success;
}
