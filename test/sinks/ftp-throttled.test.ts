import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FtpSink, retryingSink } from 'gateway-backup';
import { recordingContext } from '../support/ftp-image.js';
import { ScriptedFtpServer } from '../support/scripted-ftp-server.js';
import { seededRandom } from '../support/seeded-random.js';
import { isSoak, testSeed } from '../support/soak.js';

const bytes = isSoak ? 2 * 2 ** 30 : 24 * 2 ** 20;
const bytesPerMs = (50 * 1e6) / 8 / 1000;
const limitMs = (4 * bytes) / bytesPerMs + 60_000;

test(
  `an upload of ${bytes / 2 ** 20} MiB at 50 Mbit/s with stalls arrives whole in bounded memory`,
  { timeout: limitMs },
  async () => {
    const random = seededRandom(testSeed('ftp throttled'));
    const received = { bytes: 0, hash: createHash('sha256') };
    let stalls = 0;
    let uploads = 0;
    const server = await ScriptedFtpServer.start({
      // Counted and hashed instead of kept; renamed by being found under both names.
      STOR: async (session) => {
        uploads++;
        session.reply('150 go on');
        const startedAt = performance.now();
        for await (const chunk of (await session.data()) as AsyncIterable<Buffer>) {
          received.bytes += chunk.length;
          received.hash.update(chunk);
          if (random() < 0.01) {
            stalls++;
            await sleep(100);
          }
          const ahead = received.bytes / bytesPerMs - (performance.now() - startedAt);
          if (ahead > 5) await sleep(ahead);
        }
        session.reply('226 complete');
      },
      SIZE: (session, name) => {
        const there = uploads > 0 && (name.includes('.part-') || session.server.verbs().includes('RNTO'));
        session.reply(there ? `213 ${received.bytes}` : '550 no');
      },
      RNFR: (session) => {
        session.reply('350 to what?');
      },
      RNTO: (session) => {
        session.reply('250 renamed');
      },
    });
    const sent = createHash('sha256');
    const block = Buffer.alloc(1024 * 1024, 'gateway-backup');
    function* blocks(): Generator<Buffer> {
      for (let at = 0; at < bytes; at += block.length) {
        block.writeUInt32LE(at / block.length, 0);
        const copy = Buffer.from(block);
        sent.update(copy);
        yield copy;
      }
    }
    const image = {
      name: 'large.zip',
      bytes,
      sha256: '',
      path: '',
      open: () => Readable.from(blocks(), { objectMode: false }),
    };
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
    const base = process.memoryUsage().rss;
    const startedAt = performance.now();
    try {
      const { port } = server;
      const options = { host: '127.0.0.1', port, user: 'bob', password: 'secret', remotePath: 'large.zip' };
      const context = recordingContext();
      await retryingSink(new FtpSink(options)).store(image, context);
      assert.deepEqual(context.warnings, []);
      assert.ok(context.progressed.length >= 3);
    } finally {
      clearInterval(watch);
      await server.stop();
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const mib = (value: number): string => `${(value / 2 ** 20).toFixed(0)} MiB`;
    console.log(
      `${mib(bytes)} in ${seconds.toFixed(1)} s, ${stalls} stalls, rss ${mib(base)} -> peak ${mib(peak)}`,
    );
    assert.equal(received.bytes, bytes);
    assert.equal(received.hash.digest('hex'), sent.digest('hex'));
    assert.equal(uploads, 1);
    assert.ok(peak <= 120 * 2 ** 20, `peak ${mib(peak)}`);
  },
);
