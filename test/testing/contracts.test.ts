import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BackupImage, ComponentCollector, ImageSink, SinkContext } from 'gateway-backup';
import {
  componentCollectorContract,
  imageSinkContract,
  MemorySink,
  scriptedCollector,
  type ContractOptions,
} from 'gateway-backup/testing';

/** Titles of the tests of a suite that fail. */
async function failures(register: (options: ContractOptions) => void): Promise<string[]> {
  const tests: { title: string; run: () => Promise<void> }[] = [];
  register({ test: (title, run) => tests.push({ title, run }), cancelWithinMs: 200 });
  const failed: string[] = [];
  for (const { title, run } of tests) {
    await run().catch(() => failed.push(title.replace(/^subject: /u, '')));
  }
  return failed;
}

describe('the contract of sinks catches one that', () => {
  class Broken extends MemorySink {
    readonly kept = new Map<string, Buffer>();
  }
  const broken = (change: (image: BackupImage, context: SinkContext, sink: Broken) => Promise<void>) =>
    failures((options) => {
      imageSinkContract(
        'subject',
        () => {
          const memory = new Broken();
          const sink: ImageSink = {
            name: 'broken',
            store: async (image, context) => {
              await change(image, context, memory);
              return { path: image.name };
            },
          };
          return {
            sink,
            read: (name) => Promise.resolve(memory.kept.get(name)),
            list: () => Promise.resolve([...memory.kept.keys()]),
          };
        },
        options,
      );
    });
  const content = async (image: BackupImage) => Buffer.concat((await image.open().toArray()) as Buffer[]);

  test('stores something else', async () => {
    const found = await broken(async (image, { progress }, { kept }) => {
      kept.set(image.name, (await content(image)).fill(0, 100, 101));
      progress(image.bytes);
    });
    assert.ok(found.includes('stores an image byte for byte, says where, and reports every byte'));
    assert.ok(found.includes('refuses a name that is taken, and leaves what is there alone'));
    assert.ok(found.includes('touches nothing when it is cancelled beforehand'));
  });

  test('leaves a part under the final name', async () => {
    const found = await broken(async (image, { signal }, { kept }) => {
      signal.throwIfAborted();
      const parts: Buffer[] = [];
      for await (const chunk of image.open() as AsyncIterable<Buffer>) {
        signal.throwIfAborted();
        kept.set(image.name, Buffer.concat([...parts, chunk]));
      }
    });
    assert.ok(found.includes('when cancelled in the middle stops in time, with a whole image or none'));
    assert.ok(found.includes('when the image cannot be read fails, with a whole image or none'));
  });

  test('leaves a temporary file, a listener and an open stream', async () => {
    const found = await broken(async (image, { signal }, { kept }) => {
      signal.addEventListener('abort', () => undefined);
      image.open().read();
      kept.set(`${image.name}.tmp`, Buffer.alloc(0));
      kept.set(image.name, await content(image));
    });
    assert.ok(found.includes('leaves nothing unfinished beside a stored image'));
    assert.ok(found.includes('closes every stream that it opened and leaves no listener on the signal'));
  });
});

describe('the contract of collectors catches one that', () => {
  const broken = (collector: ComponentCollector) =>
    failures((options) => {
      const machine = { gatewayRoot: '/nowhere', hostRoot: '/nowhere' };
      componentCollectorContract('subject', () => ({ collector, machine }), options);
    });
  const entries = 'gives entries with safe, different paths and readable content, the same at every call';

  test('has an unsafe path', async () => {
    assert.ok((await broken(scriptedCollector('x', [{ entry: '../x', content: 'x' }]))).includes(entries));
  });

  test('gives the same path twice', async () => {
    const twice = { entry: 'x', content: 'x' };
    assert.ok((await broken(scriptedCollector('x', [twice, twice]))).includes(entries));
  });

  test('has a name that cannot be a folder, or says nothing', async () => {
    const found = await broken(scriptedCollector('Not A Name', []));
    assert.ok(found.includes('has a component name of lower-case letters, digits and -'));
    assert.ok(found.includes(entries));
  });

  test('does not hear that it is cancelled', async () => {
    let timer: NodeJS.Timeout | undefined;
    const deaf: ComponentCollector = {
      ...scriptedCollector('deaf', []),
      async *collect({ signal }) {
        signal.addEventListener('abort', () => undefined);
        yield { path: 'x', open: () => [] as unknown as AsyncIterable<Uint8Array> };
        if (signal.aborted) await new Promise((resolve) => (timer = setTimeout(resolve, 1_000)));
      },
    };
    const found = await broken(deaf);
    clearTimeout(timer);
    assert.ok(found.includes('leaves no listener on the signal'));
    assert.ok(found.includes('ends in time when it is cancelled, beforehand or in the middle'));
  });
});
