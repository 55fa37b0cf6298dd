import { resolve } from 'node:path';
import process from 'node:process';
import type { GatewayBackupOptions } from '../backup/gateway-backup-options.js';
import { LogFile } from '../backup/log-file.js';
import type { BackupError } from '../errors.js';
import type { BackupEvent } from '../events.js';
import { gatewayLayout } from '../gateway/gateway-layout.js';
import type { BackupReport } from '../report.js';
import { ProgressBar } from './progress-bar.js';
import { printable, renderEvent, reportOfFailure } from './render.js';

/** What is to be shown of a run. */
export interface RunOutputOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly progress: boolean;
  readonly gateway: GatewayBackupOptions;
}

/** Where the events of a run go: console, progress bar, JSON lines and the log file. */
export class RunOutput {
  readonly #options: RunOutputOptions;
  readonly #bar: ProgressBar | undefined;
  readonly #early: string[] = [];
  #log: LogFile | undefined;
  #logFailed = false;

  constructor(options: RunOutputOptions) {
    this.#options = options;
    const { isTTY } = process.stderr;
    const wanted =
      options.progress && !options.json && isTTY && !process.env['CI'] && process.env['TERM'] !== 'dumb';
    this.#bar = wanted ? new ProgressBar(process.stderr) : undefined;
  }

  /** Something to know that is no event of the run. */
  note(message: string): void {
    this.#bar?.clear();
    process.stderr.write(`Note: ${printable(message)}\n`);
    this.#early.push(`Note: ${message}`);
  }

  event(event: BackupEvent): void {
    if (this.#options.json) process.stdout.write(`${JSON.stringify(event)}\n`);
    this.#bar?.show(event);
    const line = renderEvent(event);
    if (line === undefined) return;
    this.#write(line);
    if (event.type === 'warning' && !this.#options.verbose) process.stderr.write(`${printable(line)}\n`);
    if (this.#options.verbose) this.#console(printable(line));
  }

  finish(report: BackupReport, text: string): void {
    this.#bar?.clear();
    this.#write(text.trim());
    this.#console(text);
    if (this.#options.json) process.stdout.write(`${JSON.stringify({ type: 'report', ...report })}\n`);
  }

  fail(error: BackupError, text: string): void {
    this.#bar?.clear();
    // A run that was refused has touched nothing, the log neither.
    if (this.#log !== undefined) this.#write(text.trim());
    process.stderr.write(`${text}\n`);
    if (!this.#options.json) return;
    process.stdout.write(`${JSON.stringify({ type: 'report', ...reportOfFailure(error) })}\n`);
  }

  close(): void {
    this.#log?.close();
  }

  /** Standard output belongs to the JSON lines when they were asked for. */
  #console(text: string): void {
    (this.#options.json ? process.stderr : process.stdout).write(`${text}\n`);
  }

  #write(line: string): void {
    if (this.#log === undefined && !this.#logFailed) this.#open();
    this.#log?.write(printable(line));
  }

  /** Opened by the first event, which comes after all the checks. */
  #open(): void {
    const { gatewayRoot = '/opt/SecureSpan', hostRoot = '/' } = this.#options.gateway;
    const folder = gatewayLayout(resolve(gatewayRoot), resolve(hostRoot)).logs;
    try {
      this.#log = new LogFile({ folder, name: 'ssgbackup' });
      for (const line of this.#early) this.#log.write(printable(line));
    } catch (error) {
      this.#logFailed = true;
      process.stderr.write(`The log folder ${folder} cannot be written to: ${(error as Error).message}\n`);
    }
  }
}
