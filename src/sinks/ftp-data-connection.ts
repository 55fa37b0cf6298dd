import { connect, type Socket } from 'node:net';
import { cancelled } from '../support/abort.js';
import type { FtpConnection, FtpReply } from './ftp-connection.js';
import { connectTimeout, ftpFailure, replyFailure } from './ftp-failure.js';

/** Opens a passive data connection, and only to the server's own address. */
export async function openDataConnection(connection: FtpConnection): Promise<Socket> {
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

/** The port of an `EPSV` answer. */
function passivePortOf(reply: FtpReply): number | undefined {
  const [, , port] = /([!-/:-~])\1\1(\d{1,5})\1/.exec(reply.raw) ?? [];
  return port === undefined ? undefined : checkedPort(Number(port));
}

/** Address and port of a `PASV` answer. */
function passiveAddressOf(reply: FtpReply): { host: string; port: number } | undefined {
  const [, ...numbers] = /(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})/.exec(reply.raw) ?? [];
  const bytes = numbers.map(Number);
  if (bytes.length !== 6 || bytes.some((byte) => byte > 255)) return undefined;
  const port = checkedPort(bytes[4]! * 256 + bytes[5]!);
  return port === undefined ? undefined : { host: bytes.slice(0, 4).join('.'), port };
}

function checkedPort(port: number): number | undefined {
  return port >= 1 && port <= 65535 ? port : undefined;
}

function ignore(): void {
  // Reported by whoever waits for it.
}
