import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { FtpSink, retryingSink, type FtpSinkOptions } from 'gateway-backup';
import { assertClean, assertNoSecret, ftpError } from '../support/ftp-failure.js';
import { recordingContext, testImage } from '../support/ftp-image.js';
import { startProftpd } from '../support/ftp-server-proftpd.js';
import { startPureFtpd } from '../support/ftp-server-pureftpd.js';
import { startVsftpd } from '../support/ftp-server-vsftpd.js';
import { ensure, programOf } from '../support/prerequisites.js';
import type { PrivateFtpServer } from '../support/private-ftp-server.js';
import { seededRandom } from '../support/seeded-random.js';
import { rounds, testSeed } from '../support/soak.js';

const run = promisify(execFile);
const nobody = 65534;
const image = testImage(3_000_017);

async function folder(server: PrivateFtpServer, name: string, mode = 0o755): Promise<string> {
  const path = join(server.home, name);
  await mkdir(path, { recursive: true });
  await chown(path, nobody, nobody);
  await chmod(path, mode);
  return path;
}

function sinkFor(server: PrivateFtpServer, options: Partial<FtpSinkOptions> = {}): FtpSink {
  const { port, user, password } = server;
  return new FtpSink({ host: '127.0.0.1', port, user, password, remotePath: 'node1.zip', ...options });
}

await ensure('curl');
const servers = [await startProftpd(), await startPureFtpd(), await startVsftpd()];
after(() => Promise.all(servers.map((server) => server.stop())));

for (const server of servers) {
  const { kind } = server;

  for (const path of ['node1.zip', 'plain/node1.zip', 'with space/node 1.zip', 'grüße/日本/node1.zip']) {
    test(`${kind}: '${path}' is stored whole, and curl fetches the same bytes`, async () => {
      const name = `20261124093000_${path.split('/').at(-1)!}`;
      const target = path.split('/').slice(0, -1).join('/');
      await folder(server, target.split('/')[0]!);
      await folder(server, target);
      const context = recordingContext();
      const sink = sinkFor(server, { remotePath: path });
      await sink.prepare(name, context);
      const stored = await sink.store({ ...image, name }, context);
      assert.deepEqual(context.warnings, []);
      assertClean(context, image);
      assertNoSecret(context);
      assert.ok((await readFile(join(server.home, target, name))).equals(image.content));
      const { stdout } = await run(
        programOf('curl', 'curl'),
        ['--silent', '--show-error', '--user', `${server.user}:${server.password}`, stored.path],
        { encoding: 'buffer', maxBuffer: 2 ** 26 },
      );
      assert.ok(stdout.equals(image.content));
      const rest = (await readdir(join(server.home, target))).filter((file) => file.includes('.part-'));
      assert.deepEqual(rest, []);
    });
  }

  test(`${kind}: a name that is taken is refused, by prepare and by store, and the file is untouched`, async () => {
    const path = join(await folder(server, 'taken'), image.name);
    await writeFile(path, 'older');
    const sink = sinkFor(server, { remotePath: 'taken/node1.zip' });
    const context = recordingContext();
    for (const call of [
      () => sink.prepare(image.name, context),
      () => retryingSink(sink).store(image, context),
    ]) {
      const error = await ftpError(call(), context, image);
      assert.deepEqual([error.code, error.reason], ['SINK_REJECTED', 'name-taken']);
    }
    assert.equal(await readFile(path, 'utf8'), 'older');
  });

  test(`${kind}: a name taken while the image was on its way is not overwritten`, async () => {
    const target = await folder(server, 'raced');
    const context = recordingContext();
    const raced = {
      ...image,
      open: () => {
        const stream = image.open();
        stream.pause();
        void writeFile(join(target, image.name), 'newer').then(() => stream.resume());
        return stream;
      },
    };
    const error = await ftpError(
      sinkFor(server, { remotePath: 'raced/x.zip' }).store(raced, context),
      context,
    );
    assert.equal(error.reason, 'name-taken');
    assert.deepEqual(await readdir(target), [image.name]);
    assert.equal(await readFile(join(target, image.name), 'utf8'), 'newer');
  });

  test(`${kind}: a folder that is missing is refused and not created`, async () => {
    const context = recordingContext();
    const sink = sinkFor(server, { remotePath: 'nowhere/node1.zip' });
    for (const call of [() => sink.prepare(image.name, context), () => sink.store(image, context)]) {
      assert.equal((await ftpError(call(), context, image)).reason, 'folder-missing');
    }
    assert.ok(!(await readdir(server.home)).includes('nowhere'));
  });

  test(`${kind}: a folder that may not be written is a permission denied, once`, async () => {
    const target = await folder(server, 'read only', 0o555);
    const context = recordingContext();
    const sink = retryingSink(sinkFor(server, { remotePath: 'read only/node1.zip' }));
    const error = await ftpError(sink.store(image, context), context, image);
    assert.deepEqual([error.code, error.reason], ['SINK_REJECTED', 'permission-denied']);
    assert.equal(context.lines.filter((line) => line.includes('> STOR')).length, 1);
    assert.deepEqual(await readdir(target), []);
  });

  test(`${kind}: a wrong password is a refused login, and not tried again`, { timeout: 60_000 }, async () => {
    const context = recordingContext();
    const sink = retryingSink(sinkFor(server, { password: 'wrong' }));
    const error = await ftpError(sink.prepare!(image.name, context), context);
    assert.deepEqual([error.code, error.reason], ['SINK_REJECTED', 'login-refused']);
    assert.equal(context.lines.filter((line) => line.includes('> PASS')).length, 1);
  });

  test(
    `${kind}: cancelling at random moments leaves no image and no partial file`,
    { timeout: 60_000 },
    async () => {
      const random = seededRandom(testSeed(`${kind} cancel`));
      const target = await folder(server, 'cancelled');
      let slowest = 0;
      let left = 0;
      let failed = 0;
      const inAll = rounds(10, 100);
      for (let round = 0; round < inAll; round++) {
        const context = recordingContext();
        const offset = random() * image.bytes;
        let abortedAt = Infinity;
        async function* content(): AsyncGenerator<Buffer> {
          for (let at = 0; at < image.bytes; at += 65536) {
            await Promise.resolve();
            if (at >= offset && !context.signal.aborted) {
              abortedAt = performance.now();
              context.controller.abort();
            }
            yield image.content.subarray(at, at + 65536);
          }
        }
        const open = () => Readable.from(content(), { objectMode: false, highWaterMark: 65536 });
        const outcome = await sinkFor(server, { remotePath: 'cancelled/node1.zip' })
          .store({ ...image, name: `${round}.zip`, open }, context)
          .then(
            () => 'stored',
            () => 'failed',
          );
        slowest = Math.max(slowest, performance.now() - abortedAt);
        if (outcome === 'failed') failed++;
        const files = await readdir(target);
        assert.equal(files.includes(`${round}.zip`), outcome === 'stored');
        // What an earlier round has left was told by that round.
        left += files.filter(
          (file) => file.startsWith(`${round}.zip.part-`) && !context.warnings.join().includes(file),
        ).length;
      }
      console.log(`${kind}: ${failed} uploads of ${inAll} cancelled, slowest ${slowest.toFixed(0)} ms`);
      assert.equal(left, 0);
      assert.ok(slowest < 1000);
    },
  );
}

for (const start of [startProftpd, startPureFtpd]) {
  test(`a quota that is full is told as such (${start.name})`, async () => {
    const server = await start({ quotaMegabytes: 1 });
    try {
      const context = recordingContext();
      const error = await ftpError(retryingSink(sinkFor(server)).store(image, context), context, image);
      assert.deepEqual([error.code, error.reason], ['SINK_REJECTED', 'quota-exceeded']);
      assert.equal(context.lines.filter((line) => line.includes('> STOR')).length, 1);
      const rest = (await readdir(server.home)).filter((file) => file !== '.ftpquota');
      assert.deepEqual(rest, []);
    } finally {
      await server.stop();
    }
  });
}

test('a disk of vsftpd that is full is an error of the server, tried again, and nothing is left', async () => {
  const server = await startVsftpd({ quotaMegabytes: 1 });
  try {
    const context = recordingContext();
    const sink = retryingSink(sinkFor(server), { delayMs: 10 });
    const error = await ftpError(sink.store(image, context), context, image);
    assert.deepEqual([error.code, error.reason, error.retryable], ['SINK_FAILED', 'server-error', true]);
    assert.equal(context.lines.filter((line) => line.includes('> STOR')).length, 3);
    assert.deepEqual(await readdir(server.home), []);
  } finally {
    await server.stop();
  }
});

test(
  'a slow ProFTPD is waited for beyond the idle limit as long as the file grows',
  { timeout: 60_000 },
  async () => {
    const server = await startProftpd({ uploadKilobytesPerSecond: 1000 });
    try {
      const context = recordingContext();
      const startedAt = performance.now();
      await sinkFor(server, { idleTimeoutMs: 500 }).store(image, context);
      const ms = performance.now() - startedAt;
      console.log(`stored in ${ms.toFixed(0)} ms`);
      assert.ok(ms > 1500);
      assert.ok((await readFile(join(server.home, image.name))).equals(image.content));
    } finally {
      await server.stop();
    }
  },
);
