import { constants, createHash, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a scripted server is told of, and can send, on one connection. */
export interface ScriptedConnection {
  readonly socket: Socket;
  /** One packet; its number follows from the last one read or sent. */
  send(payload: Buffer): void;
  /** The next packet of the client. */
  read(): Promise<Buffer>;
}

export type Script = (connection: ScriptedConnection) => Promise<void>;

/** A server that speaks MySQL's protocol packet by packet, and lies where its script does. */
export class ScriptedMysqlServer implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(script: Script): Promise<ScriptedMysqlServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const scripted = new ScriptedMysqlServer(server);
    server.on('connection', (socket) => {
      scripted.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      // A client that hangs up ends the script; what it was about to say is lost.
      script(connectionOn(socket)).catch(() => socket.destroy());
    });
    return scripted;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export const ok = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
export const eof = Buffer.from([0xfe, 0, 0, 2, 0]);

/** The server's greeting. */
export function greeting(plugin = 'mysql_native_password', scramble = randomBytes(20)): Buffer {
  // PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH, CONNECT_WITH_DB and the like, LOCAL_FILES among them.
  const flags = 0x0008_a28f;
  const head = Buffer.alloc(45);
  let at = head.writeUInt8(10, 0);
  at += head.write('8.0.0-scripted\0', at, 'latin1');
  at = head.writeUInt32LE(7, at);
  return Buffer.concat([
    head.subarray(0, at),
    scramble.subarray(0, 8),
    Buffer.from([0, flags & 0xff, (flags >> 8) & 0xff, 45, 2, 0, (flags >> 16) & 0xff, flags >>> 24, 21]),
    Buffer.alloc(10),
    scramble.subarray(8),
    Buffer.from([0]),
    Buffer.from(`${plugin}\0`, 'latin1'),
  ]);
}

/** Greets and lets anybody in. */
export async function letIn(connection: ScriptedConnection): Promise<void> {
  connection.send(greeting());
  await connection.read();
  connection.send(ok);
}

/** Answers the questions with which a session begins, until one matches; gives that one. */
export async function answerUntil(connection: ScriptedConnection, wanted: RegExp): Promise<string> {
  for (;;) {
    const sql = (await connection.read()).subarray(1).toString();
    // With query attributes a few bytes stand before the text.
    if (wanted.test(sql)) return sql;
    if (sql.includes('SELECT')) sendRows(connection, 1, [['8.0.0-scripted']]);
    else connection.send(ok);
  }
}

function sendRows(
  connection: ScriptedConnection,
  columns: number,
  rows: readonly (readonly string[])[],
): void {
  connection.send(Buffer.from([columns]));
  for (let i = 0; i < columns; i += 1) connection.send(columnDefinition(`c${i}`));
  connection.send(eof);
  for (const row of rows) connection.send(Buffer.concat(row.map((value) => lengthCoded(Buffer.from(value)))));
  connection.send(eof);
}

export function columnDefinition(name: string): Buffer {
  return Buffer.concat([
    ...['def', '', '', '', name, ''].map((part) => lengthCoded(Buffer.from(part))),
    Buffer.from([12, 33, 0, 255, 0, 0, 0, 253, 0, 0, 0, 0, 0]),
  ]);
}

/** The server's side of `caching_sha2_password`; gives the way in which the password was proved. */
export async function cachingSha2(
  connection: ScriptedConnection,
  password: string,
  { full, viaSwitch = false }: { readonly full: boolean; readonly viaSwitch?: boolean },
): Promise<'hash' | 'rsa' | 'clear' | 'wrong'> {
  const scramble = Buffer.from(randomBytes(20).map((byte) => (byte & 0x7f) | 1));
  connection.send(greeting(viaSwitch ? 'mysql_native_password' : 'caching_sha2_password', scramble));
  let response = await connection.read();
  if (viaSwitch || !includesToken(response, password, scramble)) {
    connection.send(
      Buffer.concat([
        Buffer.from([0xfe]),
        Buffer.from('caching_sha2_password\0'),
        scramble,
        Buffer.from([0]),
      ]),
    );
    response = await connection.read();
  }
  if (!includesToken(response, password, scramble)) return 'wrong';
  if (!full) {
    connection.send(Buffer.from([1, 3]));
    return 'hash';
  }
  connection.send(Buffer.from([1, 4]));
  const proof = await connection.read();
  if (proof.equals(Buffer.from(`${password}\0`))) return 'clear';
  if (!proof.equals(Buffer.from([2]))) return 'wrong';
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  connection.send(
    Buffer.concat([Buffer.from([1]), Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))]),
  );
  const sealed = await connection.read();
  const opened = privateDecrypt(
    { key: privateKey, oaepHash: 'sha1', padding: constants.RSA_PKCS1_OAEP_PADDING },
    sealed,
  );
  const clear = opened.map((byte, i) => byte ^ scramble[i % scramble.length]!);
  return Buffer.from(clear).equals(Buffer.from(`${password}\0`)) ? 'rsa' : 'wrong';
}

function includesToken(response: Buffer, password: string, scramble: Buffer): boolean {
  const sha = (...parts: readonly Uint8Array[]): Buffer => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const once = sha(Buffer.from(password));
  const mask = sha(sha(once), scramble);
  return response.includes(Buffer.from(once.map((byte, i) => byte ^ mask[i]!)));
}

function lengthCoded(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([value.length]), value]);
}

function connectionOn(socket: Socket): ScriptedConnection {
  let number = 0;
  let received = Buffer.alloc(0);
  let wake: (() => void) | undefined;
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    wake?.();
  });
  socket.on('close', () => wake?.());
  return {
    socket,
    send(payload) {
      const head = Buffer.alloc(4);
      head.writeUIntLE(payload.length, 0, 3);
      head[3] = number;
      number = (number + 1) & 0xff;
      socket.write(Buffer.concat([head, payload]));
    },
    async read() {
      for (;;) {
        if (received.length >= 4) {
          const length = received.readUIntLE(0, 3);
          if (received.length >= 4 + length) {
            const payload = received.subarray(4, 4 + length);
            number = (received[3]! + 1) & 0xff;
            received = received.subarray(4 + length);
            return payload;
          }
        }
        if (socket.destroyed || socket.readableEnded) throw new Error('the client hung up');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
