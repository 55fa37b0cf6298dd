import { isIP } from 'node:net';
import { FTPContext, FTPError, type FTPResponse, type TaskResolver } from 'basic-ftp';
import type { FtpOptions } from '../options/backup-options.js';
import { resolveSecret, type Secret, type SecretSource } from '../secrets/secret.js';
import { cancelled, throwIfCancelled } from '../support/abort.js';
import type { Log } from '../support/log.js';
import type { FtpConnection, FtpExchange, FtpReply, FtpTimeouts } from './ftp-connection.js';
import { connectTimeout, ftpFailure, replyFailure, socketFailure } from './ftp-failure.js';
import { lookFor, nameTaken, storeImage, type FtpStoreMemory } from './ftp-store.js';
import { checkImageName, checkPassword, ftpAddress, ftpTarget, type FtpTarget } from './ftp-target.js';
import type { BackupImage, ImageSink, SinkContext, StoredImage } from './image-sink.js';

/**
 * Options of an {@link FtpSink}.
 *
 * @public
 */
export interface FtpSinkOptions extends FtpOptions {
  /**
   * The image as it was named: `[folder/]file`. The stamped name goes into that folder, which must exist; without one,
   * into the user's login folder. A path that starts with `/` counts from the server's root.
   */
  readonly remotePath: string;
  /** Until the server has greeted, and for a data connection to open. Default: 10000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Until the whole answer to a command has arrived. Default: 30000. */
  readonly replyTimeoutMs?: number | undefined;
  /** How long the server may take no byte of an upload, or wait with its last word. Default: 120000. */
  readonly idleTimeoutMs?: number | undefined;
}

/**
 * Stores images on an FTP server: plain FTP, passive, binary. The image is uploaded under a temporary name, its size is
 * compared, and it is renamed. Nothing is ever overwritten, and no folder is created.
 *
 * One upload, no retries: wrap it in {@link retryingSink}. Keep one sink for all attempts at an image, since it
 * remembers what an earlier one left behind.
 *
 * @example
 * ```ts
 * const ftp = new FtpSink({ host: 'ftp.example', user: 'gateway', password: () => 'secret', remotePath: 'images/node1.zip' });
 * await runBackup({ image: 'node1.zip' }, { sink: retryingSink(ftp) });
 * ```
 *
 * @public
 */
export class FtpSink implements ImageSink {
  /** {@inheritDoc ImageSink.name} */
  readonly name = 'ftp';
  readonly #target: FtpTarget;
  readonly #password: SecretSource;
  readonly #timeouts: FtpTimeouts;
  readonly #memory: FtpStoreMemory = { leftovers: new Set() };

  /** Throws `INVALID_OPTIONS` for what FTP cannot carry; nothing is contacted. */
  constructor(options: FtpSinkOptions) {
    this.#target = ftpTarget(options);
    this.#password = options.password;
    this.#timeouts = {
      connectMs: options.connectTimeoutMs ?? 10_000,
      replyMs: options.replyTimeoutMs ?? 30_000,
      idleMs: options.idleTimeoutMs ?? 120_000,
    };
  }

  /** Logs in, looks for the folder and for a file of this name, and leaves nothing behind. */
  async prepare(imageName: string, context: SinkContext): Promise<void> {
    checkImageName(imageName);
    const connection = await this.#login(context.signal, context.log);
    try {
      if ((await lookFor(connection, imageName)) !== 'absent') throw nameTaken(imageName);
    } finally {
      connection.close();
    }
  }

  /** {@inheritDoc ImageSink.store} */
  async store(image: BackupImage, context: SinkContext): Promise<StoredImage> {
    checkImageName(image.name);
    const login = (signal: AbortSignal) => this.#login(signal, context.log);
    await storeImage(login, image, this.#memory, context);
    return { path: ftpAddress(this.#target, image.name) };
  }

  async #login(signal: AbortSignal, log: Log): Promise<FtpConnection> {
    throwIfCancelled(signal, 'store');
    const password = await resolveSecret(this.#password);
    checkPassword(password.reveal());
    const { host, port, user, folder } = this.#target;
    const connection = new ControlConnection(this.#target, password, this.#timeouts, signal, log);
    try {
      await connection.open(host, port);
      // Servers that need to be told read names as Latin-1 until then; others refuse, which does no harm.
      if (/[^\0-\x7f]/.test(user + password.reveal() + folder)) await connection.command('OPTS UTF8 ON');
      await connection.logIn(user);
      const type = await connection.command('TYPE I');
      if (type.code < 200 || type.code >= 300)
        throw replyFailure(type, 'switch to binary transfers (TYPE I)');
      if (folder !== '') {
        const reply = await connection.command(`CWD ${folder}`);
        if (reply.code < 200 || reply.code >= 300) {
          throw replyFailure(reply, `enter the folder ${folder}`, {
            550: 'folder-missing',
            553: 'folder-missing',
          });
        }
      }
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }
}

/** The longest answer that is read. */
const longestReplyBytes = 64 * 1024;
const longestRawText = 2000;
const longestText = 300;

/**
 * One control connection on top of the library's protocol layer, with what that lacks: answers put together from
 * pieces, a limit for each answer's whole time, typed errors, cancelling, and a log without the password.
 */
class ControlConnection extends FTPContext implements FtpConnection {
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
