import type { Log } from '../support/log.js';

/** One complete answer of an FTP server. */
export interface FtpReply {
  readonly code: number;
  /** As it came, to be parsed and never shown: a server may repeat a password. */
  readonly raw: string;
  /** For people: one line, shortened, without control characters and without the password. */
  readonly text: string;
}

/** Time limits of one connection, in milliseconds. */
export interface FtpTimeouts {
  /** Until the server has greeted; also for a data connection to open. */
  readonly connectMs: number;
  /** Until the whole answer to a command has arrived. */
  readonly replyMs: number;
  /** A transfer during which the server takes no byte, and the wait for its last word. */
  readonly idleMs: number;
}

/** A command with two answers: a preliminary one before the transfer, and a final one after it. */
export interface FtpExchange {
  /** The first answer; a final one if the server gives none before. */
  readonly first: Promise<FtpReply>;
  readonly final: Promise<FtpReply>;
}

/**
 * The slice of an FTP control connection that storing an image needs. An answer of any code is a result; only a
 * connection that is lost, late or cancelled rejects, always with a `BackupError`.
 */
export interface FtpConnection {
  /** `host:port`, for messages. */
  readonly address: string;
  readonly remoteAddress: string;
  /** The run's cancellation. */
  readonly signal: AbortSignal;
  readonly timeouts: FtpTimeouts;
  readonly log: Log;
  /** Whether a command can be sent now: open, and no answer outstanding. */
  readonly ready: boolean;
  command(text: string): Promise<FtpReply>;
  /** While it runs, cancelling leaves the connection open, so that the transfer can be undone over it. */
  exchange(text: string): FtpExchange;
  /** The same promise, but the connection is closed with `late` if it takes longer. */
  within<T>(ms: number, promise: Promise<T>, late: () => Error): Promise<T>;
  close(): void;
}

/** The number in an answer to `SIZE`; a comment may follow it. */
export function sizeIn(reply: FtpReply): number | undefined {
  const [, digits] = /^213[ -]\s*(\d{1,15})(?!\d)/.exec(reply.raw) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
