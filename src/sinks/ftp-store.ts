import { randomBytes } from 'node:crypto';
import { isBackupError } from '../errors.js';
import type { BackupImage, SinkContext } from './image-sink.js';
import { sizeIn, type FtpConnection } from './ftp-connection.js';
import { ftpFailure, replyFailure, withHint } from './ftp-failure.js';
import { sendFile } from './ftp-transfer.js';

/** Opens a connection, logged in and inside the target folder. */
export type FtpLogin = (signal: AbortSignal) => Promise<FtpConnection>;

/** What an attempt leaves for the next one. */
export interface FtpStoreMemory {
  /** Temporary files of ours that could not be removed. */
  readonly leftovers: Set<string>;
  /** The final name, once a rename to it was sent and its answer never came. */
  unansweredRename?: string | undefined;
}

/**
 * Stores an image in the folder:
 *
 * 1. the final name must be free;
 * 2. upload under a temporary name;
 * 3. the server's `SIZE` must be the image's; where the answer to 2 never came, a new connection asks;
 * 4. the final name must still be free, since some servers overwrite silently;
 * 5. rename; where the answer never came, a new connection looks what there is;
 * 6. the final name must have the size.
 *
 * On any failure the temporary file is removed, as far as that can be done in a bounded time.
 */
export async function storeImage(
  login: FtpLogin,
  image: BackupImage,
  memory: FtpStoreMemory,
  context: SinkContext,
): Promise<void> {
  const store = new FtpStore(login, image, memory, context);
  await store.run();
}

/** Whether a file of this name is there: its size, or `unknown` where the server does not tell sizes. */
export async function lookFor(
  connection: FtpConnection,
  name: string,
): Promise<number | 'absent' | 'unknown'> {
  const size = await sizeOf(connection, name);
  if (size !== 'not-offered') return size;
  for (const command of ['MLST', 'MDTM']) {
    const reply = await connection.command(`${command} ${name}`);
    if (reply.code >= 200 && reply.code < 300) return 'unknown';
    if (reply.code === 550) return 'absent';
  }
  // Answered by every server that can rename; without an RNTO after it, it changes nothing.
  const reply = await connection.command(`RNFR ${name}`);
  return reply.code === 350 ? 'unknown' : 'absent';
}

/** The error when the final name is in use, since nothing is ever overwritten. */
export function nameTaken(name: string): Error {
  return ftpFailure('name-taken', `There is a file named ${name} on the FTP server already`);
}

/** For removing the temporary file: after a failure, and within the second that cancelling may take. */
const cleanUpMs = 10_000;
const cancelCleanUpMs = 400;

class FtpStore {
  readonly #login: FtpLogin;
  readonly #image: BackupImage;
  readonly #memory: FtpStoreMemory;
  readonly #context: SinkContext;
  readonly #temporary: string;
  #connection: FtpConnection | undefined;

  constructor(login: FtpLogin, image: BackupImage, memory: FtpStoreMemory, context: SinkContext) {
    this.#login = login;
    this.#image = image;
    this.#memory = memory;
    this.#context = context;
    this.#temporary = `${image.name}.part-${randomBytes(4).toString('hex')}`;
  }

  async run(): Promise<void> {
    try {
      const connection = await this.#reconnect();
      const found = await lookFor(connection, this.#image.name);
      if (found === this.#image.bytes && this.#memory.unansweredRename === this.#image.name) {
        this.#context.warn('The FTP server never confirmed the rename of the image; verified by size.');
        return;
      }
      if (found !== 'absent') throw nameTaken(this.#image.name);
      await this.#upload(connection);
      await this.#publish();
      this.#memory.leftovers.delete(this.#temporary);
      await this.#removeLeftovers(this.#connection);
    } catch (error) {
      if (this.#memory.leftovers.size > 0) await this.#cleanUp();
      throw this.#withLeftovers(error);
    } finally {
      this.#connection?.close();
    }
  }

  async #reconnect(): Promise<FtpConnection> {
    this.#connection?.close();
    this.#connection = await this.#login(this.#context.signal);
    return this.#connection;
  }

  /** Steps 2 and 3. */
  async #upload(connection: FtpConnection): Promise<void> {
    const { bytes } = this.#image;
    this.#memory.leftovers.add(this.#temporary);
    const outcome = await sendFile(connection, {
      name: this.#temporary,
      bytes,
      open: () => this.#image.open(),
      progress: this.#context.progress,
      lookAt: () => this.#lookAtTemporary(),
    });
    if (outcome.sentBytes !== bytes) {
      const message = `The staged image changed: ${outcome.sentBytes} bytes were read instead of ${bytes}`;
      throw ftpFailure('image-unreadable', message);
    }
    const size = await sizeOf(outcome.confirmed ? connection : await this.#reconnect(), this.#temporary);
    if (outcome.confirmed && size === 'not-offered') {
      this.#context.warn('The image was stored unverified: the FTP server does not tell the size of a file.');
      return;
    }
    if (!outcome.confirmed && size !== bytes) {
      throw ftpFailure(
        'connection-lost',
        'The FTP server never confirmed the upload, and the file there is not whole',
      );
    }
    if (size !== bytes) throw sizeMismatch(size, bytes);
    if (!outcome.confirmed) {
      this.#context.warn('The FTP server never confirmed the upload; verified by size.');
    }
  }

  async #lookAtTemporary(): Promise<number | undefined> {
    try {
      const connection = await this.#login(this.#context.signal);
      try {
        const size = await sizeOf(connection, this.#temporary);
        return typeof size === 'number' ? size : undefined;
      } finally {
        connection.close();
      }
    } catch (error) {
      this.#context.log('could not look at the upload: %s', (error as Error).message);
      return undefined;
    }
  }

  /** Steps 4 to 6. */
  async #publish(): Promise<void> {
    const { name, bytes } = this.#image;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#rename(this.#connection!);
        break;
      } catch (error) {
        const lost =
          isBackupError(error) && (error.reason === 'connection-lost' || error.reason === 'idle-timeout');
        if (!lost || this.#memory.unansweredRename !== name) throw error;
        this.#context.log('the answer to the rename did not come, looking what there is');
        const connection = await this.#reconnect();
        const found = await sizeOf(connection, name);
        if (found === bytes) {
          this.#context.warn('The FTP server never confirmed the rename of the image; verified by size.');
          break;
        }
        const unchanged = found === 'absent' && (await sizeOf(connection, this.#temporary)) === bytes;
        if (!unchanged || attempt > 1) throw error;
      }
    }
    this.#memory.unansweredRename = undefined;
    const size = await sizeOf(this.#connection!, name);
    if (size !== bytes && size !== 'not-offered') throw sizeMismatch(size, bytes);
  }

  async #rename(connection: FtpConnection): Promise<void> {
    const { name } = this.#image;
    if ((await lookFor(connection, name)) !== 'absent') throw nameTaken(name);
    const from = await connection.command(`RNFR ${this.#temporary}`);
    if (from.code !== 350) throw replyFailure(from, 'rename the image (RNFR)');
    this.#memory.unansweredRename = name;
    const to = await connection.command(`RNTO ${name}`);
    this.#memory.unansweredRename = undefined;
    if (to.code >= 200 && to.code < 300) return;
    if (to.code >= 500 && (await lookFor(connection, name)) !== 'absent') throw nameTaken(name);
    throw replyFailure(to, 'rename the image (RNTO)');
  }

  async #cleanUp(): Promise<void> {
    const { signal, log } = this.#context;
    const limit = AbortSignal.timeout(signal.aborted ? cancelCleanUpMs : cleanUpMs);
    try {
      const current = this.#connection;
      if (current?.ready === true) {
        const closeLate = () => {
          current.close();
        };
        limit.addEventListener('abort', closeLate);
        await this.#removeLeftovers(current).finally(() => {
          limit.removeEventListener('abort', closeLate);
        });
        if (this.#memory.leftovers.size === 0) return;
      }
      current?.close();
      this.#connection = await this.#login(limit);
      await this.#removeLeftovers(this.#connection);
    } catch (error) {
      log('could not remove %s: %s', [...this.#memory.leftovers].join(', '), (error as Error).message);
    }
  }

  #withLeftovers(error: unknown): unknown {
    const names = [...this.#memory.leftovers].join(', ');
    if (names === '' || !isBackupError(error)) return error;
    const hint = `A partial file may have been left in the folder on the FTP server: ${names}`;
    if (error.code !== 'CANCELLED') return withHint(error, hint);
    // The caller's own reason goes back as it came.
    this.#context.warn(hint);
    return error;
  }

  async #removeLeftovers(connection: FtpConnection | undefined): Promise<void> {
    const { leftovers } = this.#memory;
    for (const name of leftovers) {
      if (connection?.ready !== true) return;
      const reply = await connection.command(`DELE ${name}`).catch(() => undefined);
      // 550: it is not there, which is just as well.
      if (reply !== undefined && ((reply.code >= 200 && reply.code < 300) || reply.code === 550))
        leftovers.delete(name);
    }
  }
}

async function sizeOf(connection: FtpConnection, name: string): Promise<number | 'absent' | 'not-offered'> {
  const reply = await connection.command(`SIZE ${name}`);
  if (reply.code === 500 || reply.code === 502 || reply.code === 504) return 'not-offered';
  if (reply.code === 550) return 'absent';
  const size = reply.code === 213 ? sizeIn(reply) : undefined;
  if (size === undefined) throw replyFailure(reply, `tell the size of ${name}`);
  return size;
}

function sizeMismatch(size: number | 'absent' | 'not-offered', bytes: number): Error {
  const found = typeof size === 'number' ? `${size} bytes` : 'no file';
  return ftpFailure('size-mismatch', `The FTP server has ${found} where ${bytes} bytes were stored`);
}
