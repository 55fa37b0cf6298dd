import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FtpSink } from 'gateway-backup';
import { startProftpd } from '../test/support/ftp-server-proftpd.js';
import { startPureFtpd } from '../test/support/ftp-server-pureftpd.js';
import { ensure, programOf } from '../test/support/prerequisites.js';
import { median } from './measured-command.js';
import type { PrivateFtpServer } from '../test/support/private-ftp-server.js';

/** An upload by the sink, and by curl, in turns; medians. */
export interface FtpUpload {
  readonly server: string;
  readonly mib: number;
  readonly sinkMs: number;
  readonly curlMs: number;
  readonly ratio: number;
}

/** Uploads one image to each real server, against `curl -T` of the same file. Both log in, send and leave. */
export async function measureFtpUpload(mib: number, rounds = 5): Promise<FtpUpload[]> {
  await ensure('curl');
  const folder = await mkdtemp(join(tmpdir(), 'bench-ftp-'));
  try {
    const path = join(folder, 'image.zip');
    await using file = await open(path, 'w');
    const block = Buffer.alloc(2 ** 20, 'gateway');
    for (let index = 0; index < mib; index++) await file.write(block);
    const figures: FtpUpload[] = [];
    for (const start of [startProftpd, startPureFtpd]) {
      const server = await start();
      try {
        figures.push(await measure(server, path, mib, rounds));
      } finally {
        await server.stop();
      }
    }
    return figures;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(
  server: PrivateFtpServer,
  path: string,
  mib: number,
  rounds: number,
): Promise<FtpUpload> {
  const sink: number[] = [];
  const curl: number[] = [];
  for (let round = 0; round < rounds; round++) {
    sink.push(await timed(() => bySink(server, path, mib * 2 ** 20)));
    await rm(join(server.home, 'sink.zip'));
    curl.push(
      await timed(() => {
        const user = `${server.user}:${server.password}`;
        const url = `ftp://127.0.0.1:${server.port}/curl.zip`;
        execFileSync(programOf('curl', 'curl'), ['--silent', '--user', user, '--upload-file', path, url]);
      }),
    );
    await rm(join(server.home, 'curl.zip'));
  }
  const [sinkMs, curlMs] = [median(sink), median(curl)];
  return { server: server.kind, mib, sinkMs, curlMs, ratio: sinkMs / curlMs };
}

async function bySink(server: PrivateFtpServer, path: string, bytes: number): Promise<void> {
  const { port, user, password } = server;
  const ignore = (): void => undefined;
  await new FtpSink({ host: '127.0.0.1', port, user, password, remotePath: 'sink.zip' }).store(
    {
      name: 'sink.zip',
      bytes,
      sha256: '',
      path,
      // As a staged image is read.
      open: () => createReadStream(path, { highWaterMark: 1024 * 1024 }),
    },
    { signal: new AbortController().signal, log: ignore, progress: ignore, warn: ignore },
  );
}

async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
