import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { retryingSink, type BackupError } from 'gateway-backup';
import { assertClean, assertNoSecret, ftpError } from '../support/ftp-failure.js';
import { recordingContext, testImage, type RecordingContext } from '../support/ftp-image.js';
import { startFtpStage } from '../support/ftp-stage.js';
import type { FtpScript, ScriptedSession } from '../support/scripted-ftp-server.js';
import { seededRandom } from '../support/seeded-random.js';
import { rounds, testSeed } from '../support/soak.js';

const image = testImage(600_007);
const { server, finalPath, sink, fails } = await startFtpStage(image, {
  connectTimeoutMs: 500,
  replyTimeoutMs: 250,
  idleTimeoutMs: 250,
});

async function works(script: FtpScript): Promise<RecordingContext> {
  server.script = script;
  const context = recordingContext();
  await sink().store(image, context);
  assertClean(context, image);
  assertNoSecret(context);
  assert.deepEqual([...server.files.keys()], [finalPath]);
  assert.ok(server.files.get(finalPath)!.equals(image.content));
  return context;
}

type Cut = (session: ScriptedSession) => void | Promise<void>;
const cutData =
  (how: 'RST' | 'FIN'): Cut =>
  async (session) => {
    const data = await session.data();
    if (how === 'RST') data.resetAndDestroy();
    else data.destroy();
  };
const cuts: Readonly<Record<string, Cut>> = {
  'data RST, then 426': async (session) => {
    await cutData('RST')(session);
    session.reply('426 connection closed');
  },
  'data FIN, then 426': async (session) => {
    await cutData('FIN')(session);
    session.reply('426 connection closed');
  },
  'data RST in silence': cutData('RST'),
  'data FIN, then 226 for a part': async (session) => {
    await cutData('FIN')(session);
    session.reply('226 complete');
  },
  'control RST': (session) => {
    session.drop('RST');
  },
  'control FIN': (session) => {
    session.drop('FIN');
  },
  'both RST': async (session) => {
    session.drop('RST');
    await cutData('RST')(session);
  },
  'both FIN': async (session) => {
    session.drop('FIN');
    await cutData('FIN')(session);
  },
};

test(
  'cuts at random offsets leave the final name absent or whole, and no partial file',
  { timeout: 120_000 },
  async () => {
    const random = seededRandom(testSeed('ftp cuts'));
    const cutsInAll = rounds(100, 1000);
    const outcomes = { stored: 0, failed: 0, tries: 0, slowestMs: 0 };
    for (let round = 0; round < cutsInAll; round++) {
      server.files.clear();
      server.commands.length = 0;
      const [name, cut] = Object.entries(cuts)[round % Object.keys(cuts).length]!;
      const offset = Math.floor(random() * image.bytes);
      const times = 1 + Math.floor(random() * 4);
      let left = times;
      let attempt: unknown;
      server.script = {
        STOR: (session, argument) => {
          attempt = argument;
          return session.default('STOR', argument);
        },
        data: async (session, bytes) => {
          if (Number(bytes) < offset || left === 0 || attempt === undefined) return;
          left--;
          attempt = undefined;
          await cut(session);
        },
      };
      const context = recordingContext();
      const retrying = retryingSink(sink(), { delayMs: 1, random });
      const startedAt = performance.now();
      const what = `${name} at ${offset}, ${times} times`;
      try {
        await retrying.store(image, context);
        outcomes.stored++;
        assert.deepEqual([...server.files.keys()], [finalPath], what);
        assert.ok(server.files.get(finalPath)!.equals(image.content), what);
      } catch (error) {
        outcomes.failed++;
        assert.match(String((error as BackupError).reason), /^(connection-lost|size-mismatch)$/, what);
        assert.ok(times >= 3, what);
        assert.deepEqual([...server.files.keys()], [], what);
      }
      assertClean(context, image);
      const tries = server.verbs().filter((verb) => verb === 'STOR').length;
      assert.ok(tries <= 3, what);
      outcomes.tries += tries;
      outcomes.slowestMs = Math.max(outcomes.slowestMs, Math.round(performance.now() - startedAt));
    }
    console.log(`${cutsInAll} cuts: ${JSON.stringify(outcomes)}`);
    assert.equal(outcomes.stored + outcomes.failed, cutsInAll);
    assert.ok(outcomes.stored > 0 && outcomes.failed > 0);
  },
);

test('when the 226 never comes, a new connection verifies by size', async () => {
  const context = await works({
    STOR: async (session, argument) => {
      // All of it, but the last word.
      const control = session.reply.bind(session);
      session.reply = (line) => {
        if (!line.startsWith('226')) control(line);
      };
      await session.default('STOR', argument);
    },
  });
  assert.match(context.warnings.join(), /verified by size/);
});

for (const how of ['RST', 'FIN'] as const) {
  test(`a control connection dropped (${how}) while data runs does not lose a whole upload`, async () => {
    let dropped = false;
    const context = await works({
      data: (session) => {
        if (!dropped) session.drop(how);
        dropped = true;
      },
    });
    assert.match(context.warnings.join(), /verified by size/);
    assert.equal(server.verbs().filter((verb) => verb === 'STOR').length, 1);
  });
}

test('without SIZE, an upload that was never confirmed is not taken for whole', async () => {
  const error = await fails({
    SIZE: (session) => {
      session.reply('502 no');
    },
    data: (session, bytes) => {
      if (Number(bytes) === image.bytes) session.drop('RST');
    },
  });
  assert.equal(error.reason, 'connection-lost');
  assert.equal(error.retryable, true);
  assert.equal(server.files.size, 0);
});

test('a 226 after storing less is a size mismatch', async () => {
  const error = await fails({
    STOR: async (session, argument) => {
      await session.default('STOR', argument);
      for (const [path, content] of server.files) server.files.set(path, content.subarray(0, -1));
    },
  });
  assert.deepEqual([error.code, error.reason, error.retryable], ['SINK_FAILED', 'size-mismatch', true]);
  assert.equal(server.files.size, 0);
});

test('a file that is gone after the 226 is a size mismatch', async () => {
  const error = await fails({
    STOR: async (session, argument) => {
      await session.default('STOR', argument);
      server.files.clear();
    },
  });
  assert.equal(error.reason, 'size-mismatch');
});

test('a wrong SIZE is never a success', async () => {
  const error = await fails({
    SIZE: async (session, argument) => {
      if (argument.includes('.part-')) session.reply(`213 ${image.bytes + 1}`);
      else await session.default('SIZE', argument);
    },
  });
  assert.equal(error.reason, 'size-mismatch');
  assert.equal(server.files.size, 0);
});

test('a size that is wrong only under the final name is never a success', async () => {
  const error = await fails({
    RNTO: async (session, argument) => {
      await session.default('RNTO', argument);
      server.files.set(finalPath, image.content.subarray(1));
    },
  });
  assert.equal(error.reason, 'size-mismatch');
});

test('a comment after the size does no harm', async () => {
  await works({
    SIZE: (session, argument) => {
      const content = [...server.files].find(([path]) => path.endsWith(argument))?.[1];
      session.reply(content === undefined ? '550 no' : `213  ${content.length} bytes, as of 2026`);
    },
  });
});

test('where SIZE is not offered the image is stored and a warning says that it is unverified', async () => {
  for (const code of [500, 502, 504]) {
    server.files.clear();
    const context = await works({
      SIZE: (session) => {
        session.reply(`${code} no`);
      },
    });
    assert.match(context.warnings.join(), /unverified/);
  }
});

for (const how of ['RST', 'FIN'] as const) {
  test(`a connection that drops (${how}) in answer to RNTO, the rename done, is a success verified by size`, async () => {
    const context = await works({
      RNTO: async (session, argument) => {
        const reply = session.reply.bind(session);
        session.reply = () => undefined;
        await session.default('RNTO', argument);
        session.reply = reply;
        session.drop(how);
      },
    });
    assert.match(context.warnings.join(), /verified by size/);
    assert.equal(server.verbs().filter((verb) => verb === 'STOR').length, 1);
  });
}

test('a connection that drops in answer to RNTO, the rename not done, is renamed over a new one', async () => {
  let dropped = false;
  await works({
    RNTO: async (session, argument) => {
      if (dropped) return session.default('RNTO', argument);
      dropped = true;
      session.drop('RST');
    },
  });
  assert.equal(server.verbs().filter((verb) => verb === 'STOR').length, 1);
});

test('a connection that drops at every RNTO fails and leaves nothing', async () => {
  const error = await fails({
    RNTO: (session) => {
      session.drop('RST');
    },
  });
  assert.equal(error.reason, 'connection-lost');
  assert.equal(server.files.size, 0);
});

test('a rename whose answer and whose look afterwards were lost is recognised by the next try', async () => {
  let lost = false;
  let refused = 0;
  server.script = {
    greeting: async (session) => {
      // The look afterwards and the clean-up find the door closed.
      if (lost && refused++ < 2) session.drop('RST');
      else await session.default('greeting', '');
    },
    RNTO: async (session, argument) => {
      const reply = session.reply.bind(session);
      session.reply = () => undefined;
      await session.default('RNTO', argument);
      session.reply = reply;
      lost = true;
      session.drop('RST');
    },
  };
  const context = recordingContext();
  await retryingSink(sink(), { delayMs: 1 }).store(image, context);
  assert.deepEqual([...server.files.keys()], [finalPath]);
  assert.match(context.warnings.join(), /verified by size/);
  assert.equal(server.verbs().filter((verb) => verb === 'STOR').length, 1);
});

test('a reset on a name that was taken meanwhile is not retried', async () => {
  server.script = {
    data: async (session) => {
      server.files.set(finalPath, Buffer.from('somebody else'));
      (await session.data()).resetAndDestroy();
    },
  };
  const context = recordingContext();
  const error = await ftpError(retryingSink(sink(), { delayMs: 1 }).store(image, context), context, image);
  assert.match(error.message, /already/);
  assert.equal(server.verbs().filter((verb) => verb === 'STOR').length, 1);
  assert.equal(server.files.get(finalPath)?.toString(), 'somebody else');
});

test('a partial file that could not be removed is removed by the next try', async () => {
  let stores = 0;
  server.script = {
    DELE: async (session, argument) => {
      if (stores < 2) session.reply('450 busy');
      else await session.default('DELE', argument);
    },
    data: async (session, bytes) => {
      if (stores === 0 && Number(bytes) > 100_000) {
        stores++;
        (await session.data()).resetAndDestroy();
      } else if (Number(bytes) === image.bytes) stores++;
    },
  };
  const context = recordingContext();
  await retryingSink(sink(), { delayMs: 1 }).store(image, context);
  assert.deepEqual([...server.files.keys()], [finalPath]);
});

test('a partial file that stays is named in the log and in the hint', async () => {
  const context = recordingContext();
  server.script = {
    STOR: async (session, argument) => {
      await session.default('STOR', argument);
      server.script = {
        DELE: (inner) => {
          inner.reply('450 busy');
        },
        SIZE: (inner) => {
          inner.reply('213 1');
        },
      };
    },
  };
  const error = await ftpError(sink().store(image, context), context, image);
  assert.equal(error.reason, 'size-mismatch');
  assert.match(error.hint ?? '', /\.part-[0-9a-f]{8}/);
});

test('an image whose file changes size while it is sent is not stored', async () => {
  const context = recordingContext();
  const shrunk = { ...image, bytes: image.bytes + 1 };
  const error = await ftpError(sink().store(shrunk, context), context);
  assert.equal(error.reason, 'image-unreadable');
  assert.equal(server.files.size, 0);
});

test('an image that cannot be read fails for good and leaves nothing', async () => {
  const context = recordingContext();
  const broken = {
    ...image,
    open: () => {
      const chunks = [image.content.subarray(0, 1000), Object.assign(new Error('EIO'), { code: 'EIO' })];
      return new Readable({
        read() {
          const chunk = chunks.shift();
          if (chunk instanceof Error) this.destroy(chunk);
          else this.push(chunk);
        },
      });
    },
  };
  const error = await ftpError(sink().store(broken, context), context, image);
  assert.deepEqual([error.code, error.reason, error.retryable], ['SINK_FAILED', 'image-unreadable', false]);
  assert.equal(server.files.size, 0);
});

test('all answers may come in pieces of one byte', async () => {
  await works({
    greeting: async (session) => {
      const whole = session.control.write.bind(session.control);
      session.control.write = (text: unknown) => {
        for (const character of String(text)) whole(character);
        return true;
      };
      await session.default('greeting', '');
    },
  });
});

test('no socket is left open to the server', async () => {
  assert.equal(await server.openSockets(), 0);
});
