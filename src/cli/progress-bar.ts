import type { BackupEvent } from '../events.js';

/** The slice of a terminal stream that a bar needs. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** One line on the terminal, redrawn as progress events come, and cleared before anything else is printed. */
export class ProgressBar {
  readonly #terminal: Terminal;
  #shown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(event: BackupEvent): void {
    if (event.type !== 'progress') {
      this.clear();
      return;
    }
    const { stage, component, bytes, totalBytes } = event;
    const what = stage === 'collect' ? (component ?? '') : stage === 'verify' ? 'verifying' : 'storing';
    const width = Math.max(20, Math.min(this.#terminal.columns ?? 80, 100) - 1);
    const line = `${what} ${bar(bytes, totalBytes)} ${amount(bytes)}`.slice(0, width);
    this.#terminal.write(`\r\u001b[K${line}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#terminal.write('\r\u001b[K');
    this.#shown = false;
  }
}

function bar(bytes: number, totalBytes: number | undefined): string {
  if (totalBytes === undefined || totalBytes === 0) return '';
  // An estimate may be too low; the bar then waits at its end.
  const part = Math.min(1, bytes / totalBytes);
  return `[${'#'.repeat(Math.round(part * 20)).padEnd(20, '.')}] ${String(Math.floor(part * 100)).padStart(3)} %`;
}

function amount(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
