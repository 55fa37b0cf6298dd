import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../support/errno.js';

/** Where a log goes and how much of it is kept. */
export interface LogFileOptions {
  readonly folder: string;
  /** Files are named `<name>0.log`, the newest, to `<name><files - 1>.log`. */
  readonly name: string;
  /** Rotated when the newest has reached this size. Default: 1 MiB. */
  readonly maxBytes?: number | undefined;
  /** Default: 10. */
  readonly files?: number | undefined;
}

/**
 * A log of lines with a time, rotated by size, mode 0600. Writing is synchronous, so that the last line before a death
 * is on disk; a log that fails later is given up silently, because it must not cost a backup.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  readonly #maxBytes: number;
  readonly #now: () => Date;
  #descriptor: number | undefined;

  /** @throws Error of the file system when the folder cannot be written. */
  constructor(options: LogFileOptions, now: () => Date = () => new Date()) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? 1024 * 1024;
    this.#now = now;
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#descriptor = this.#open();
  }

  write(text: string): void {
    if (this.#descriptor === undefined) return;
    const time = this.#now().toISOString();
    try {
      if (fstatSync(this.#descriptor).size >= this.#maxBytes) this.#rotate();
      writeSync(this.#descriptor, text.replace(/^/gm, `${time} `) + '\n');
    } catch {
      this.close();
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): number {
    return openSync(this.#path(0), 'a', 0o600);
  }

  #rotate(): void {
    this.close();
    for (let index = (this.#options.files ?? 10) - 1; index > 0; index -= 1) {
      try {
        renameSync(this.#path(index - 1), this.#path(index));
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
    this.#descriptor = this.#open();
  }

  #path(index: number): string {
    return join(this.#options.folder, `${this.#options.name}${index}.log`);
  }
}
