import type { FtpOptions } from '../options/backup-options.js';
import { checkOptions, optionKinds, required } from '../options/option-checks.js';
import type { SecretSource } from '../secrets/secret.js';
import type { Log } from '../support/log.js';
import type { FtpConnection, FtpTimeouts } from './ftp-connection.js';
import type { FtpStoreMemory } from './ftp-store.js';
import { checkImageName, ftpAddress, ftpTarget, type FtpTarget } from './ftp-target.js';
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
  /** Until the server has greeted, and for a data connection to open, in milliseconds. Default: 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Until the whole answer to a command has arrived, in milliseconds. Default: 30,000. */
  readonly replyTimeoutMs?: number | undefined;
  /** How long the server may take no byte of an upload, or wait with its last word, in milliseconds. Default: 120,000. */
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
    checkOptions(options, ftpOptions);
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
    // Loaded when it is needed, here and below, so that importing this package stays cheap.
    const { lookFor, nameTaken } = await import('./ftp-store.js');
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
    const { storeImage } = await import('./ftp-store.js');
    await storeImage(login, image, this.#memory, context);
    return { path: ftpAddress(this.#target, image.name) };
  }

  async #login(signal: AbortSignal, log: Log): Promise<FtpConnection> {
    const { ftpLogin } = await import('./ftp-login.js');
    return ftpLogin(this.#target, this.#password, this.#timeouts, signal, log);
  }
}

const { milliseconds, secret } = optionKinds;
// Whether it is empty, or no number of a port, is said in the words of FTP.
const anyText = { is: (value: unknown): boolean => typeof value === 'string', must: 'must be a text' };
const ftpOptions = {
  host: required(anyText),
  port: { is: (value: unknown): boolean => typeof value === 'number', must: 'must be a number' },
  user: required(anyText),
  password: required(secret),
  remotePath: required(anyText),
  connectTimeoutMs: milliseconds,
  replyTimeoutMs: milliseconds,
  idleTimeoutMs: milliseconds,
} satisfies Record<keyof FtpSinkOptions, unknown>;
