import { connect, type Socket } from 'node:net';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';

/** An encrypted connection to a server on loopback, and what it runs on, which can be reset. */
export function tls(port: number): Promise<TLSSocket & { readonly wire: Socket }> {
  return new Promise((resolve, reject) => {
    const wire = connect(port, '127.0.0.1').on('error', reject);
    const socket = tlsConnect({ socket: wire, rejectUnauthorized: false }, () => {
      resolve(Object.assign(socket, { wire }));
    });
    socket.once('error', reject);
  });
}
