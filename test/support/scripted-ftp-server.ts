import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** One client, as a script sees it. */
export interface ScriptedSession {
  readonly server: ScriptedFtpServer;
  readonly control: Socket;
  /** The data connection asked for by the last EPSV or PASV, once the client has opened it. */
  data(): Promise<Socket>;
  /** Sends one line. */
  reply(line: string): void;
  /** What the server does on its own for a command. */
  default(verb: string, argument: string): Promise<void>;
  /** Ends the control connection: with FIN, or with RST. */
  drop(how: 'FIN' | 'RST'): void;
}

/** Replaces what the server does for a verb; `greeting` and `data` (each chunk that arrives) are verbs too. */
export type FtpScript = Readonly<
  Record<string, (session: ScriptedSession, argument: string) => void | Promise<void>>
>;

/** An honest small FTP server that keeps files in memory, until its script says otherwise. */
export class ScriptedFtpServer {
  readonly files = new Map<string, Buffer>();
  readonly folders = new Set(['/', '/home', '/home/in box', '/home/größe']);
  /** Every command of every client, passwords included. */
  readonly commands: string[] = [];
  /** Control connections opened so far. */
  connections = 0;
  dataConnections = 0;
  script: FtpScript;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(script: FtpScript) {
    this.script = script;
    this.#server = createServer((socket) => {
      this.connections++;
      this.track(socket);
      new Session(this, socket);
    });
  }

  static async start(script: FtpScript = {}): Promise<ScriptedFtpServer> {
    const server = new ScriptedFtpServer(script);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Sockets that clients still hold open, once those that they closed have been noticed. */
  async openSockets(): Promise<number> {
    // What nobody reads does not see its end.
    for (const socket of this.#sockets) socket.resume();
    for (let round = 0; round < 200 && this.#sockets.size > 0; round++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.#sockets.size;
  }

  /** Forgets all that clients have done, and the script. */
  reset(): void {
    this.files.clear();
    this.commands.length = 0;
    this.script = {};
    this.connections = 0;
    this.dataConnections = 0;
  }

  verbs(): string[] {
    return this.commands.map((command) => command.split(' ')[0]!);
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

class Session implements ScriptedSession {
  readonly server: ScriptedFtpServer;
  readonly control: Socket;
  #folder = '/home';
  #renameFrom: string | undefined;
  #listener: Server | undefined;
  #data: Promise<Socket> | undefined;
  #queue: Promise<void>;

  constructor(server: ScriptedFtpServer, control: Socket) {
    this.server = server;
    this.control = control;
    control.setNoDelay(true);
    control.setEncoding('utf8');
    let pending = '';
    this.#queue = this.#run('greeting', '');
    control.on('data', (chunk: string) => {
      pending += chunk;
      const lines = pending.split('\r\n');
      pending = lines.pop()!;
      for (const line of lines) {
        server.commands.push(line);
        const [, verb = '', argument = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
        // A step that broke because the client went away must not stop the next one.
        this.#queue = this.#queue.then(() => this.#run(verb, argument)).catch(() => undefined);
      }
    });
    control.once('close', () => this.#listener?.close());
  }

  data(): Promise<Socket> {
    if (this.#data === undefined) throw new Error('no data connection was asked for');
    return this.#data;
  }

  reply(line: string): void {
    if (this.control.writable) this.control.write(`${line}\r\n`);
  }

  drop(how: 'FIN' | 'RST'): void {
    if (how === 'RST') this.control.resetAndDestroy();
    else this.control.end();
  }

  async #run(verb: string, argument: string): Promise<void> {
    const scripted = this.server.script[verb];
    await (scripted === undefined ? this.default(verb, argument) : scripted(this, argument));
  }

  async default(verb: string, argument: string): Promise<void> {
    const { files, folders } = this.server;
    const path = this.#resolve(argument);
    switch (verb) {
      case 'greeting':
        this.reply('220 scripted server');
        return;
      case 'USER':
        this.reply('331 password, please');
        return;
      case 'PASS':
        this.reply('230 welcome');
        return;
      case 'TYPE':
      case 'OPTS':
        this.reply('200 as you like');
        return;
      case 'CWD':
        if (!folders.has(path)) {
          this.reply('550 no such folder');
          return;
        }
        this.#folder = path;
        this.reply('250 there we are');
        return;
      case 'SIZE':
        this.reply(files.has(path) ? `213 ${files.get(path)!.length}` : '550 no such file');
        return;
      case 'MDTM':
        this.reply(files.has(path) ? '213 20260101000000' : '550 no such file');
        return;
      case 'EPSV':
        this.reply(`229 extended (|||${await this.#listen()}|)`);
        return;
      case 'PASV': {
        const port = await this.#listen();
        this.reply(`227 passive (127,0,0,1,${port >> 8},${port & 255})`);
        return;
      }
      case 'STOR':
        await this.#store(path);
        return;
      case 'DELE':
        this.reply(files.delete(path) ? '250 gone' : '550 no such file');
        return;
      case 'RNFR':
        this.#renameFrom = path;
        this.reply(files.has(path) ? '350 and to what?' : '550 no such file');
        return;
      case 'RNTO': {
        const content = files.get(this.#renameFrom ?? '');
        if (content === undefined || files.has(path)) {
          this.reply('550 no');
          return;
        }
        files.delete(this.#renameFrom!);
        files.set(path, content);
        this.reply('250 renamed');
        return;
      }
      case 'QUIT':
        this.reply('221 bye');
        this.control.end();
        return;
      default:
        this.reply('502 not here');
    }
  }

  async #store(path: string): Promise<void> {
    this.server.files.set(path, Buffer.alloc(0));
    this.reply('150 go on');
    const data = await this.data();
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of data as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        bytes += chunk.length;
        // A file that was deleted meanwhile is written on unseen, as on a real server.
        if (this.server.files.has(path)) this.server.files.set(path, Buffer.concat(chunks));
        await this.server.script['data']?.(this, String(bytes));
      }
    } catch (error) {
      // Scripts that cut the connection say what is to be said.
      if (this.server.script['data'] === undefined) this.reply('426 connection closed');
      throw error;
    }
    this.reply('226 complete');
  }

  async #listen(): Promise<number> {
    this.#listener?.close();
    const listener = createServer();
    this.#listener = listener;
    this.#data = new Promise((resolve) => {
      listener.once('connection', (socket) => {
        this.server.dataConnections++;
        this.server.track(socket);
        listener.close();
        resolve(socket);
      });
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return (listener.address() as AddressInfo).port;
  }

  #resolve(argument: string): string {
    return argument.startsWith('/') ? argument : `${this.#folder === '/' ? '' : this.#folder}/${argument}`;
  }
}
