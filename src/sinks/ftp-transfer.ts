import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { isBackupError } from '../errors.js';
import { cancelled } from '../support/abort.js';
import type { FtpConnection, FtpReply } from './ftp-connection.js';
import { openDataConnection } from './ftp-data-connection.js';
import { ftpFailure, replyFailure } from './ftp-failure.js';

/** What is known after all bytes have gone out. */
export interface FtpTransferOutcome {
  /** The server has said that the transfer is complete. */
  readonly confirmed: boolean;
  /** Bytes handed to the operating system. */
  readonly sentBytes: number;
}

/** What is to be sent, and how to look after it. */
export interface FtpUpload {
  /** Temporary name on the server. */
  readonly name: string;
  readonly bytes: number;
  readonly open: () => Readable;
  readonly progress: (bytes: number) => void;
  /** The size that the file has on the server by now, over another connection; `undefined` where that cannot be told. */
  readonly lookAt: () => Promise<number | undefined>;
}

/**
 * Sends a stream to a file on the server.
 *
 * Done here rather than by the client library because what went wrong is told on the control connection, and often
 * arrives after the data connection has been reset: a full quota looks like a lost connection to whoever stops
 * listening at the reset. The source is opened when the server is ready for it, and always destroyed.
 */
export async function sendFile(connection: FtpConnection, upload: FtpUpload): Promise<FtpTransferOutcome> {
  const socket = await openDataConnection(connection);
  const exchange = connection.exchange(`STOR ${upload.name}`);
  try {
    const answer = connection.within(connection.timeouts.replyMs, exchange.first, () => late(connection));
    const first = await orCancelled(answer, connection.signal);
    if (first.code >= 200) throw replyFailure(first, `take ${upload.name}`);
    const sentBytes = await pump(connection, socket, exchange.final, upload);
    return { confirmed: await isConfirmed(connection, exchange.final, upload), sentBytes };
  } catch (error) {
    socket.destroy();
    // The server must have done with the file before it can be removed.
    await connection.within(cancelGraceMs, exchange.final, () => late(connection)).catch(ignore);
    throw error;
  } finally {
    socket.destroy();
  }
}

/** How long the control connection may take to say why the data connection broke, if an answer may take that long. */
const graceMs = 2000;
/** The same after cancelling, which must be over within a second. */
const cancelGraceMs = 300;

/** Resolves to the number of bytes handed to the operating system, when that is all of them. */
async function pump(
  connection: FtpConnection,
  socket: Socket,
  final: Promise<FtpReply>,
  { open, progress }: FtpUpload,
): Promise<number> {
  const { signal, timeouts } = connection;
  const source = open();
  const flushed = () => socket.bytesWritten - socket.writableLength;
  const onAbort = () => source.destroy(cancelled(signal, 'store'));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const watch = watchProgress(flushed, timeouts.idleMs, progress, () => source.destroy(stalled(connection)));
  try {
    const sent = send(source, socket);
    // The server may speak first, to refuse; a control connection that is lost does not end the transfer: the data may
    // still arrive whole, which its size will tell.
    const refusal = final.then(
      (reply) => (reply.code >= 400 ? replyFailure(reply, 'store the image') : sent),
      () => sent,
    );
    const failure = await Promise.race([sent, refusal]);
    if (failure !== undefined) {
      source.destroy();
      socket.destroy();
      throw await explained(connection, failure, final);
    }
  } finally {
    watch.stop();
    signal.removeEventListener('abort', onAbort);
    source.destroy();
  }
  const sentBytes = flushed();
  progress(sentBytes);
  return sentBytes;
}

/** Resolves when all is sent, with the error if it could not be. */
function send(source: Readable, socket: Socket): Promise<Error | undefined> {
  return new Promise((resolve) => {
    // A socket that breaks takes the source down with it, and the source then reports the socket's error as its own.
    let socketDone = false;
    for (const event of ['error', 'close']) socket.once(event, () => (socketDone = true));
    let sourceError: Error | undefined;
    source.once('error', (error) => {
      if (!socketDone) sourceError = error;
    });
    // Nothing is to be read, but without reading we would not see the server close.
    socket.resume();
    pipeline(source, socket, (error) => {
      if (sourceError !== undefined && !isBackupError(sourceError)) {
        resolve(
          ftpFailure(
            'image-unreadable',
            `The staged image could not be read: ${sourceError.message}`,
            sourceError,
          ),
        );
      } else {
        resolve(sourceError ?? error ?? undefined);
      }
    });
  });
}

/** The error to report: what the server says of it, where it says something. */
async function explained(
  connection: FtpConnection,
  failure: Error,
  final: Promise<FtpReply>,
): Promise<Error> {
  const ms = Math.min(connection.signal.aborted ? cancelGraceMs : graceMs, connection.timeouts.replyMs);
  const broken = isBackupError(failure)
    ? failure
    : ftpFailure(
        'connection-lost',
        `The data connection to ${connection.address} was lost during the upload`,
        failure,
      );
  const reply = await connection.within(ms, final, () => broken).catch(() => undefined);
  if (connection.signal.aborted) return cancelled(connection.signal, 'store');
  if (isBackupError(failure) || reply === undefined || reply.code < 400) return broken;
  return replyFailure(reply, 'store the image');
}

/**
 * Waits for the server's last word. What we have handed over may still be on its way for long on a slow line, with
 * nothing to be seen of it here; so as long as the file still grows, we wait on.
 */
async function isConfirmed(
  connection: FtpConnection,
  final: Promise<FtpReply>,
  { bytes, lookAt }: FtpUpload,
): Promise<boolean> {
  const lastWord = final.catch((error: unknown) => {
    connection.log('no last word on the upload: %s', error instanceof Error ? error.message : error);
    return 'lost' as const;
  });
  for (let seen = -1; ;) {
    const reply = await orCancelled(lastWord, connection.signal, connection.timeouts.idleMs);
    if (reply === 'lost') return false;
    if (reply !== 'late') {
      if (reply.code >= 300) throw replyFailure(reply, 'store the image');
      return true;
    }
    const size = await lookAt();
    connection.log('no last word on the upload yet, the file has %s of %d bytes', size ?? 'unknown', bytes);
    if (size === undefined || size <= seen || size === bytes) {
      connection.close();
      return false;
    }
    seen = size;
  }
}

/** The promise's outcome, `late` after a time if one is given, or the rejection that cancelling is. */
async function orCancelled<T>(promise: Promise<T>, signal: AbortSignal): Promise<T>;
async function orCancelled<T>(promise: Promise<T>, signal: AbortSignal, ms: number): Promise<T | 'late'>;
async function orCancelled<T>(promise: Promise<T>, signal: AbortSignal, ms?: number): Promise<T | 'late'> {
  let onAbort: () => void = ignore;
  let timer: NodeJS.Timeout | undefined;
  const other = new Promise<'late'>((resolve, reject) => {
    onAbort = () => {
      reject(cancelled(signal, 'store'));
    };
    if (ms !== undefined) timer = setTimeout(resolve, ms, 'late');
  });
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([other, promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function watchProgress(
  flushed: () => number,
  idleMs: number,
  progress: (bytes: number) => void,
  onStall: () => void,
): { stop: () => void } {
  const everyMs = Math.min(500, Math.max(10, idleMs / 4));
  let last = -1;
  let idle = 0;
  const timer = setInterval(() => {
    const now = flushed();
    idle = now === last ? idle + everyMs : 0;
    if (now !== last) progress(now);
    last = now;
    if (idle >= idleMs) onStall();
  }, everyMs);
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}

function stalled(connection: FtpConnection): Error {
  const seconds = connection.timeouts.idleMs / 1000;
  return ftpFailure(
    'idle-timeout',
    `The FTP server ${connection.address} took no data for ${seconds} seconds`,
  );
}

function late(connection: FtpConnection): Error {
  return ftpFailure('idle-timeout', `The FTP server ${connection.address} did not answer in time`);
}

function ignore(): void {
  // Reported by whoever waits for it.
}
