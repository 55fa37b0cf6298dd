import type { BackupError } from '../errors.js';
import { protocolViolation, rowTooLarge, serverSilent } from './database-errors.js';

/** Column definitions and small answers; a row may be larger. */
const MAX_PREAMBLE_BYTES = 4 * 1024 * 1024;
const DEFAULT_IDLE_TIMEOUT_MS = 120_000;
const DEFAULT_MAX_ROW_BYTES = 128 * 1024 * 1024;

/** What a server may make us wait for, or hold in memory. */
export interface AnswerLimits {
  readonly idleTimeoutMs?: number | undefined;
  readonly maxRowBytes?: number | undefined;
}

/** Keeps watch over a server's answers: neither silent for too long while we wait for it, nor endless. */
export class AnswerWatch {
  readonly #fail: (error: BackupError) => void;
  readonly #idleTimer: NodeJS.Timeout;
  readonly #maxRowBytes: number;
  #waiting = false;
  /** Bytes since the driver last made something of them. */
  #undigested = 0;

  constructor(
    { idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS, maxRowBytes = DEFAULT_MAX_ROW_BYTES }: AnswerLimits,
    fail: (error: BackupError) => void,
  ) {
    this.#fail = fail;
    this.#maxRowBytes = maxRowBytes;
    this.#idleTimer = setTimeout(() => {
      if (this.#waiting) fail(serverSilent(idleTimeoutMs));
    }, idleTimeoutMs);
    this.#idleTimer.unref();
  }

  /** While our own side is the slow one, the server's silence is no fault. */
  wait(waiting: boolean): void {
    this.#waiting = waiting;
    if (waiting) this.#idleTimer.refresh();
  }

  /** The server has sent something; `inRows`: its columns are known, so this belongs to a row. */
  heard(bytes: number, inRows: boolean): void {
    this.#idleTimer.refresh();
    this.#undigested += bytes;
    if (this.#undigested <= MAX_PREAMBLE_BYTES) return;
    if (!inRows) this.#fail(protocolViolation('sent an endless answer'));
    else if (this.#undigested > this.#maxRowBytes) this.#fail(rowTooLarge(this.#maxRowBytes));
  }

  /** The driver has made something of what was heard, or what follows is another answer. */
  digested(): void {
    this.#undigested = 0;
  }

  stop(): void {
    clearTimeout(this.#idleTimer);
  }
}
