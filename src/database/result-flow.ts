import { isBackupError, type BackupError } from '../errors.js';
import { CLOSING_MS, within } from './closing-time.js';
import { dumpFailed, sessionDefect } from './database-errors.js';
import type { RawValue } from './database-session.js';
import type { ResultFlow, ResultReader } from './dumpable-session.js';

/** What a flow does to the connection below it. */
export interface FlowControls {
  pause(): void;
  resume(): void;
  stopStatement(): Promise<void>;
  abandon(error: BackupError): void;
  over(): void;
}

/** A result on its way. Settles once: when the server has ended it, or with the first reason why it did not. */
export class Flow implements ResultFlow {
  readonly ended: Promise<void>;
  readonly #controls: FlowControls;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  #settled = false;
  #paused = false;
  #discarding = false;
  #hasColumns = false;

  constructor(controls: FlowControls) {
    this.#controls = controls;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.ended.catch(() => undefined);
  }

  get hasColumns(): boolean {
    return this.#hasColumns;
  }

  pause(): void {
    if (this.#settled || this.#paused) return;
    this.#paused = true;
    this.#controls.pause();
  }

  resume(): void {
    if (this.#settled || !this.#paused) return;
    this.#paused = false;
    this.#controls.resume();
  }

  async cancel(): Promise<void> {
    if (this.#settled) return;
    this.#discarding = true;
    this.resume();
    await this.#controls.stopStatement();
    // What was on its way is read and dropped until the server confirms; then the session is as good as before.
    const over = this.ended.catch(() => undefined);
    await within(CLOSING_MS, (done) => void over.then(done));
    if (!this.#isOver()) this.#controls.abandon(dumpFailed('A result was given up.', 'abandoned'));
  }

  row(reader: ResultReader, row: readonly RawValue[]): void {
    if (this.#discarding || this.#settled) return;
    try {
      reader.onRow(row);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  guard(call: () => void): void {
    this.#hasColumns = true;
    try {
      call();
    } catch (error) {
      this.#giveUp(error);
    }
  }

  settle(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#controls.over();
    if (error === undefined && !this.#discarding) this.#resolve();
    else this.#reject(error ?? dumpFailed('A result was given up.', 'abandoned'));
  }

  #isOver(): boolean {
    return this.#settled;
  }

  /** An error of the reader: it is what the flow fails with, and the connection is of no more use. */
  #giveUp(error: unknown): void {
    this.#controls.abandon(isBackupError(error) ? error : sessionDefect('a row could not be handled', error));
  }
}

/** A flow for a question that is not even asked. */
export function failedFlow(error: BackupError): ResultFlow {
  const ended = Promise.reject<undefined>(error);
  ended.catch(() => undefined);
  const nothing = (): void => undefined;
  return { ended, pause: nothing, resume: nothing, cancel: () => Promise.resolve() };
}
