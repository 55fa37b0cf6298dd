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

/** The port of an `EPSV` answer. */
export function passivePortOf(reply: FtpReply): number | undefined {
  const [, , port] = /([!-/:-~])\1\1(\d{1,5})\1/.exec(reply.raw) ?? [];
  return port === undefined ? undefined : checkedPort(Number(port));
}

/** Address and port of a `PASV` answer. */
export function passiveAddressOf(reply: FtpReply): { host: string; port: number } | undefined {
  const [, ...numbers] = /(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})/.exec(reply.raw) ?? [];
  const bytes = numbers.map(Number);
  if (bytes.length !== 6 || bytes.some((byte) => byte > 255)) return undefined;
  const port = checkedPort(bytes[4]! * 256 + bytes[5]!);
  return port === undefined ? undefined : { host: bytes.slice(0, 4).join('.'), port };
}

/** The number in an answer to `SIZE`; a comment may follow it. */
export function sizeIn(reply: FtpReply): number | undefined {
  const [, digits] = /^213[ -]\s*(\d{1,15})(?!\d)/.exec(reply.raw) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function checkedPort(port: number): number | undefined {
  return port >= 1 && port <= 65535 ? port : undefined;
}
