import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What is done to one direction of each connection. */
export interface Fault {
  /** Let this many bytes through, then do `then`. Default: everything passes. */
  readonly afterBytes?: number | undefined;
  /**
   * `rst`: both sides are reset; `fin`: both are ended in good order; `stall`: nothing moves any more, nothing is closed.
   * Default: `rst`.
   */
  readonly then?: 'rst' | 'fin' | 'stall' | undefined;
  /** Bytes a second. Default: as fast as they come. */
  readonly bytesPerSecond?: number | undefined;
}

/** The faults of a proxy; they are looked up when a connection is made, so they may change between connections. */
export interface Faults {
  /** From the server to the client. */
  toClient?: Fault | undefined;
  /** From the client to the server. */
  toServer?: Fault | undefined;
}

/** A TCP proxy on loopback that breaks connections at chosen bytes. */
export class TcpProxy implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly faults: Faults;
  /** Connections accepted so far. */
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, target: { host: string; port: number }, faults: Faults) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.faults = faults;
    server.on('connection', (client) => {
      this.connections += 1;
      const upstream = connect({ ...target, allowHalfOpen: true });
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => this.#sockets.delete(socket));
      }
      this.#carry(upstream, client, this.faults.toClient ?? {});
      this.#carry(client, upstream, this.faults.toServer ?? {});
    });
  }

  static async start(target: { host: string; port: number }, faults: Faults = {}): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, target, faults);
  }

  /** Cuts every connection there is. */
  cut(): void {
    for (const socket of this.#sockets) end(socket, 'rst');
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #carry(from: Socket, to: Socket, fault: Fault): void {
    let left = fault.afterBytes ?? Infinity;
    let broken = false;
    from.on('data', (chunk: Buffer) => {
      if (broken) return;
      const passed = chunk.subarray(0, Math.min(chunk.length, left));
      left -= passed.length;
      const hasRoom = passed.length === 0 || to.write(passed);
      if (left === 0) {
        broken = true;
        from.pause();
        const how = fault.then ?? 'rst';
        if (how === 'stall') return;
        // What was let through must arrive before the break does. A reset in the same moment as data even looks like an
        // orderly end to a reader in Node.
        setTimeout(() => {
          end(from, how);
          end(to, how);
        }, 20);
        return;
      }
      const waitMs = fault.bytesPerSecond === undefined ? 0 : (passed.length / fault.bytesPerSecond) * 1000;
      if (hasRoom && waitMs === 0) return;
      from.pause();
      const resume = () => {
        if (waitMs === 0) from.resume();
        else setTimeout(() => from.resume(), waitMs);
      };
      if (hasRoom) resume();
      else to.once('drain', resume);
    });
    from.on('end', () => {
      if (!broken) to.end();
    });
    from.on('close', () => {
      if (!broken && from.errored !== null) to.resetAndDestroy();
      else if (!broken) to.end();
    });
  }
}

function end(socket: Socket, how: 'rst' | 'fin'): void {
  if (how === 'rst') socket.resetAndDestroy();
  else {
    socket.end();
    socket.resume();
  }
}
