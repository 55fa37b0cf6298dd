import { connect, type Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { isBackupError } from '../errors.js';
import { cancelled } from '../support/abort.js';
import { passiveAddressOf, passivePortOf, type FtpConnection, type FtpReply } from './ftp-connection.js';
import { connectTimeout, ftpFailure, replyFailure } from './ftp-failure.js';

/** What is known after all bytes have gone out. */
export interface FtpTransferOutcome {
  /** The server has said that the transfer is complete. */
  readonly confirmed: boolean;
  /** Bytes handed to the operating system. */
  readonly sentBytes: number;
}

/**
 * Sends a stream to a file on the server.
 *
 * Done here rather than by the client library because what went wrong is told on the control connection, and often
 * arrives after the data connection has been reset: a full quota looks like a lost connection to whoever stops
 * listening at the reset. The source is opened when the server is ready for it, and always destroyed.
 */
export async function sendFile(
  connection: FtpConnection,
  name: string,
  open: () => Readable,
  progress: (bytes: number) => void,
): Promise<FtpTransferOutcome> {
  const socket = await openDataConnection(connection);
  try {
    const exchange = connection.exchange(`STOR ${name}`);
    const answer = connection.within(connection.timeouts.replyMs, exchange.first, () => late(connection));
    const first = await orCancelled(answer, connection.signal);
    if (first.code >= 200) throw replyFailure(first, `take ${name}`);
    return await pump(connection, socket, exchange.final, open, progress);
  } finally {
    socket.destroy();
  }
}

/** How long the control connection may take to say why the data connection broke. */
const graceMs = 2000;
/** The same after cancelling, which must be over within a second. */
const cancelGraceMs = 400;
/** What systems keep in flight at most; a slow line needs time for it after our last write. */
const inFlightBytes = 8 * 1024 * 1024;

async function pump(
  connection: FtpConnection,
  socket: Socket,
  final: Promise<FtpReply>,
  open: () => Readable,
  progress: (bytes: number) => void,
): Promise<FtpTransferOutcome> {
  const { signal, timeouts } = connection;
  const startedAt = performance.now();
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
  const bytesPerMs = sentBytes / Math.max(1, performance.now() - startedAt);
  const lastWordMs = Math.max(timeouts.idleMs, (2 * Math.min(sentBytes, inFlightBytes)) / bytesPerMs || 0);
  return { confirmed: await isConfirmed(connection, final, lastWordMs), sentBytes };
}

/** Resolves when all is sent, with the error if it could not be. */
function send(source: Readable, socket: Socket): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let sourceError: Error | undefined;
    source.once('error', (error) => (sourceError ??= error));
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
  const ms = connection.signal.aborted ? cancelGraceMs : graceMs;
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

async function isConfirmed(
  connection: FtpConnection,
  final: Promise<FtpReply>,
  ms: number,
): Promise<boolean> {
  const lastWord = connection
    .within(ms, final, () => late(connection))
    .catch((error: unknown) => {
      connection.log('no last word on the upload: %s', error instanceof Error ? error.message : error);
      return undefined;
    });
  const reply = await orCancelled(lastWord, connection.signal);
  if (reply !== undefined && reply.code >= 300) throw replyFailure(reply, 'store the image');
  return reply !== undefined;
}

async function orCancelled<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: () => void = ignore;
  const abort = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(cancelled(signal, 'store'));
    };
  });
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([abort, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Opens a passive data connection, and only to the server's own address. */
async function openDataConnection(connection: FtpConnection): Promise<Socket> {
  const extended = await connection.command('EPSV');
  const port = extended.code === 229 ? passivePortOf(extended) : undefined;
  let failure: Error = replyFailure(extended, 'open a passive data connection (EPSV)');
  if (port !== undefined) {
    try {
      return await connectData(connection, port);
    } catch (error) {
      // Some routers pass PASV only.
      failure = error as Error;
      if (connection.signal.aborted || connection.remoteAddress.includes(':')) throw failure;
    }
  } else if (extended.code === 421) {
    throw failure;
  }
  const passive = await connection.command('PASV');
  if (passive.code !== 227)
    throw passive.code < 400 || port === undefined
      ? replyFailure(passive, 'open a passive data connection (PASV)')
      : failure;
  const target = passiveAddressOf(passive);
  if (target === undefined) {
    throw ftpFailure(
      'protocol-error',
      `The FTP server gave no usable address for a data connection: ${passive.text}`,
    );
  }
  if (target.host !== connection.remoteAddress) {
    throw ftpFailure(
      'data-address-refused',
      `The FTP server offered a data connection to another host (${target.host}), which is refused`,
    );
  }
  return connectData(connection, target.port);
}

function connectData(connection: FtpConnection, port: number): Promise<Socket> {
  const { remoteAddress: host, signal, timeouts, address } = connection;
  return new Promise((resolve, reject) => {
    // A server asking for a connection to one of the system's own services is not offering a transfer.
    if (port < 1024) {
      reject(
        ftpFailure('data-address-refused', `The FTP server offered port ${port} for data, which is refused`),
      );
      return;
    }
    if (signal.aborted) {
      reject(cancelled(signal, 'store'));
      return;
    }
    const socket = connect({ host, port });
    const fail = (error: Error) => {
      finish();
      socket.on('error', ignore).destroy();
      reject(error);
    };
    const onAbort = () => {
      fail(cancelled(signal, 'store'));
    };
    const onError = (error: Error) => {
      fail(
        ftpFailure(
          'data-connection-failed',
          `The data connection to ${host} port ${port} could not be opened`,
          error,
        ),
      );
    };
    const timer = setTimeout(() => {
      fail(ftpFailure('data-connection-failed', connectTimeout(`${address} (data port ${port})`).message));
    }, timeouts.connectMs);
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
    };
    socket.once('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      finish();
      // Until the transfer listens, an early reset must not be an uncaught error.
      socket.on('error', ignore);
      resolve(socket);
    });
  });
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
