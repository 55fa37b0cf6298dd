// Stores images in an object store that takes a PUT: by pre-signed or token-protected addresses most do.
//
//   OBJECT_STORE_TOKEN=… node object-store-sink.js https://store.example/backups/ [GATEWAY_ROOT [HOST_ROOT]]
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Transform } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import {
  BackupError,
  retryingSink,
  runBackup,
  Secret,
  type BackupImage,
  type ImageSink,
  type SinkContext,
  type StoredImage,
} from 'gateway-backup';

/** One object for each image, below one address. */
export class ObjectStoreSink implements ImageSink {
  readonly name = 'object store';
  readonly #folder: URL;
  readonly #token: Secret;

  constructor(folder: URL, token: Secret) {
    this.#folder = folder;
    this.#token = token;
  }

  /** Asked before any work: a wrong token or a taken name costs a second, not the night. */
  async prepare(imageName: string, { signal }: SinkContext): Promise<void> {
    const { status } = await this.#send('HEAD', imageName, {}, signal, (request) => {
      request.end();
    });
    if (status === 200) throw rejected(`There is an object named ${imageName} already`, 'name-taken');
    if (status !== 404) throw failure(status);
  }

  async store(image: BackupImage, { signal, progress }: SinkContext): Promise<StoredImage> {
    const headers = {
      'Content-Type': 'application/zip',
      // A store keeps an object only when all of it has come.
      'Content-Length': image.bytes,
      'If-None-Match': '*',
      'Repr-Digest': `sha-256=:${Buffer.from(image.sha256, 'hex').toString('base64')}:`,
    };
    const { status, url } = await this.#send('PUT', image.name, headers, signal, (request) =>
      pipeline(image.open(), counting(progress), request, { signal }),
    );
    if (status === 412) throw rejected(`There is an object named ${image.name} already`, 'name-taken');
    if (status !== 200 && status !== 201) throw failure(status);
    return { path: url.href };
  }

  async #send(
    method: string,
    imageName: string,
    headers: Readonly<Record<string, string | number>>,
    signal: AbortSignal,
    send: (request: ClientRequest) => void | Promise<void>,
  ): Promise<{ readonly status: number; readonly url: URL }> {
    const url = new URL(encodeURIComponent(imageName), this.#folder);
    const makeRequest = url.protocol === 'https:' ? httpsRequest : httpRequest;
    try {
      signal.throwIfAborted();
      const authorization = `Bearer ${this.#token.reveal()}`;
      const request = makeRequest(url, {
        method,
        signal,
        headers: { ...headers, Authorization: authorization },
      });
      // A store may refuse before it has all of the body: its answer says more than the broken connection.
      const answered = once(request, 'response') as Promise<[IncomingMessage]>;
      const sent = Promise.resolve(send(request));
      const [response] = await Promise.race([answered, sent.then(() => answered)]);
      const { statusCode: status = 0 } = response;
      response.resume();
      await once(response, 'close');
      // After a refusal nobody takes the rest of the image; either way all is closed when this returns.
      if (status >= 300) request.destroy();
      await sent.catch(() => undefined);
      await finished(request).catch(() => undefined);
      return { status, url };
    } catch (cause) {
      // Whatever is thrown then: the run says that it was cancelled.
      if (signal.aborted) throw cause;
      throw new BackupError('SINK_FAILED', `The object store ${url.host} broke the connection.`, {
        stage: 'store',
        reason: 'connection-lost',
        retryable: true,
        cause,
      });
    }
  }
}

/** Passes everything on and says how much it was so far. */
function counting(progress: (bytes: number) => void): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      progress(bytes);
      done(null, chunk);
    },
  });
}

function rejected(message: string, reason: string): BackupError {
  return new BackupError('SINK_REJECTED', `${message}.`, { stage: 'store', reason });
}

/** Whether trying again can help is said here, once; `retryingSink` only asks. */
function failure(status: number): BackupError {
  if (status === 401 || status === 403)
    return rejected('The object store refuses this token', 'login-refused');
  return new BackupError('SINK_FAILED', `The object store answered ${status}.`, {
    stage: 'store',
    reason: 'server-error',
    retryable: status >= 500 || status === 429,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder = 'http://localhost/', gatewayRoot = '/opt/SecureSpan', hostRoot = '/'] =
    process.argv.slice(2);
  const token = new Secret(process.env['OBJECT_STORE_TOKEN'] ?? '');
  const report = await runBackup(
    { image: 'node.zip' },
    { gatewayRoot, hostRoot, sink: retryingSink(new ObjectStoreSink(new URL(folder), token)) },
  );
  console.log(`${report.status}: ${report.image.path}`);
}
