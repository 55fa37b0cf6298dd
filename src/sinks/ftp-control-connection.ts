import { isIP } from 'node:net';
import { FTPContext, FTPError, type FTPResponse, type TaskResolver } from 'basic-ftp';
import type { Secret } from '../secrets/secret.js';
import { cancelled, throwIfCancelled } from '../support/abort.js';
import type { Log } from '../support/log.js';
import type { FtpConnection, FtpExchange, FtpReply, FtpTimeouts } from './ftp-connection.js';
import { connectTimeout, ftpFailure, replyFailure, socketFailure } from './ftp-failure.js';
import type { FtpTarget } from './ftp-target.js';

/** The longest answer that is read. */
const longestReplyBytes = 64 * 1024;
const longestRawText = 2000;
const longestText = 300;

/**
 * One control connection on top of the library's protocol layer, with what that lacks: answers put together from
 * pieces, a limit for each answer's whole time, typed errors, cancelling, and a log without the password.
 */
export class ControlConnection extends FTPContext implements FtpConnection {
  readonly address: string;
  readonly signal: AbortSignal;
  readonly timeouts: FtpTimeouts;
  readonly #password: Secret;
  readonly #writeLog: Log;
  /** The first reason why this connection is closed. */
  #closedBy: Error | undefined;
  #connected = false;
  #outstanding = 0;
  #exchanging = false;
  #unfinishedLine = '';
  #replyBytes = 0;

  constructor(target: FtpTarget, password: Secret, timeouts: FtpTimeouts, signal: AbortSignal, log: Log) {
    // No time limits of the library's own: they are of silence, and a server that drips is never silent.
    super(0);
    this.address =
      isIP(target.host) === 6 ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
    this.#password = password;
    this.timeouts = timeouts;
    this.signal = signal;
    this.#writeLog = log;
    signal.addEventListener('abort', this.#onAbort);
  }

  get remoteAddress(): string {
    return (this.socket.remoteAddress ?? '').replace(/^::ffff:/i, '');
  }

  get ready(): boolean {
    return this.#closedBy === undefined && this.#outstanding === 0;
  }

  async open(host: string, port: number): Promise<void> {
    throwIfCancelled(this.signal, 'store');
    const greeting = this.#await(undefined);
    this.socket.once('connect', () => {
      this.socket.setNoDelay(true);
    });
    this.socket.connect({ host, port });
    const reply = await this.within(this.timeouts.connectMs, greeting, () => connectTimeout(this.address));
    if (reply.code === 120) throw replyFailure(reply, 'accept the connection', { 120: 'server-busy' });
    if (reply.code < 200 || reply.code >= 300) throw replyFailure(reply, 'accept the connection');
    this.#connected = true;
  }

  async logIn(user: string): Promise<void> {
    let reply = await this.command(`USER ${user}`);
    if (reply.code === 331) reply = await this.command(`PASS ${this.#password.reveal()}`);
    if (reply.code >= 200 && reply.code < 300) return;
    const refused = reply.code === 332 || reply.code === 430 || reply.code >= 500;
    throw replyFailure(reply, 'log in', { [refused ? reply.code : 0]: 'login-refused' });
  }

  command(text: string): Promise<FtpReply> {
    return this.within(this.timeouts.replyMs, this.#await(text), () =>
      ftpFailure('idle-timeout', `The FTP server ${this.address} did not answer in time`),
    );
  }

  exchange(text: string): FtpExchange {
    let started: (reply: FtpReply) => void = ignore;
    const preliminary = new Promise<FtpReply>((resolve) => (started = resolve));
    this.#exchanging = true;
    const final = this.#await(text, started).finally(() => {
      this.#exchanging = false;
    });
    const first = Promise.race([preliminary, final]);
    // Whoever looks at one of them need not look at the other.
    final.catch(ignore);
    first.catch(ignore);
    return { first, final };
  }

  async within<T>(ms: number, promise: Promise<T>, late: () => Error): Promise<T> {
    const timer = setTimeout(() => {
      this.closeWithError(late());
    }, ms);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  override closeWithError(error: Error): void {
    this.#closedBy ??= error;
    this.signal.removeEventListener('abort', this.#onAbort);
    super.closeWithError(error);
  }

  override log(message: string): void {
    this.#writeLog('%s', this.#printable(message));
  }

  // The library reads every piece that the network delivers as if it ended with a line.
  protected override _onControlSocketData(chunk: string): void {
    this.#replyBytes += chunk.length;
    if (this.#replyBytes > longestReplyBytes) {
      const message = `The FTP server ${this.address} sent an answer longer than ${longestReplyBytes} bytes`;
      this.closeWithError(ftpFailure('reply-too-long', message));
      return;
    }
    const text = this.#unfinishedLine + chunk;
    const end = text.lastIndexOf('\n') + 1;
    this.#unfinishedLine = text.slice(end);
    if (end > 0) super._onControlSocketData(text.slice(0, end));
  }

  readonly #onAbort = (): void => {
    // A running transfer ends itself, and then needs the connection to remove what it wrote.
    if (!this.#exchanging) this.closeWithError(cancelled(this.signal, 'store'));
  };

  async #await(command: string | undefined, onPreliminary?: (reply: FtpReply) => void): Promise<FtpReply> {
    if (this.#closedBy !== undefined) throw this.#failure(this.#closedBy);
    this.#replyBytes = this.#unfinishedLine.length;
    this.#outstanding++;
    try {
      return (await this.handle(command, (response, task) => {
        this.#replyBytes = 0;
        this.#settle(response, task, onPreliminary);
      })) as FtpReply;
    } catch (error) {
      throw this.#failure(error as Error);
    } finally {
      this.#outstanding--;
    }
  }

  #settle(
    response: Error | FTPResponse,
    task: TaskResolver,
    onPreliminary: ((reply: FtpReply) => void) | undefined,
  ): void {
    if (response instanceof Error && !(response instanceof FTPError)) {
      task.reject(response);
      return;
    }
    const { code, message } = response;
    const reply = { code, raw: message.slice(0, longestRawText), text: this.#printable(message) };
    if (onPreliminary !== undefined && code < 200) onPreliminary(reply);
    else task.resolve(reply);
  }

  #failure(error: Error): Error {
    return socketFailure(error, this.address, this.#connected);
  }

  /** One line without control characters, and without the password, which a server may repeat. */
  #printable(text: string): string {
    const password = this.#password.reveal();
    // Words as short as that are in every text, and hiding them would show which they are.
    const safe = password.length < 4 ? text : text.replaceAll(password, '[secret]');
    const line = safe.replace(/[\0-\x1f\x7f-\x9f]+/g, ' ').trim();
    return line.length > longestText ? `${line.slice(0, longestText)}…` : line;
  }
}

function ignore(): void {
  // Somebody else looks at it.
}
