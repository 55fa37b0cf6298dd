import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { createReadStream, type ReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isBackupError } from '../errors.js';
import type { BackupImage, ImageSink } from '../sinks/image-sink.js';
import { contractTest, within, type ContractOptions } from './contract-test.js';
import { SeededRandom } from './seeded-random.js';
import { testSinkContext } from './testing-contexts.js';

/**
 * A sink in a place of its own, fresh for every test.
 *
 * @public
 */
export interface SinkUnderTest {
  /** What is tested. */
  readonly sink: ImageSink;
  /** Another sink for the same place; needed where a sink can store one image only. Default: `sink` itself. */
  readonly another?: (() => ImageSink) | undefined;
  /** What lies under the final name of an image with this name; `undefined` when nothing does. */
  readonly read: (imageName: string) => Promise<Uint8Array | undefined>;
  /** Names of everything that lies in the place, also what is unfinished. Default: not looked at. */
  readonly list?: (() => Promise<readonly string[]>) | undefined;
  /** Whether an image is refused whose name is taken. Default: true. */
  readonly refusesTakenName?: boolean | undefined;
  /** Called after the test. */
  readonly dispose?: (() => Promise<void> | void) | undefined;
}

/**
 * Registers the tests that every sink must pass: what {@link ImageSink} promises, put to the proof.
 *
 * @example
 * ```ts
 * imageSinkContract('MemorySink', () => {
 *   const sink = new MemorySink();
 *   return { sink, read: async (name) => sink.images.get(name) };
 * });
 * ```
 *
 * @public
 */
export function imageSinkContract(
  name: string,
  create: () => Promise<SinkUnderTest> | SinkUnderTest,
  options: ContractOptions = {},
): void {
  const test = contractTest(name, create, options);
  const limitMs = options.cancelWithinMs ?? 5_000;

  test('stores an image byte for byte, says where, and reports every byte', async ({ sink, read }) => {
    await using image = await StagedTestImage.create(sink);
    const context = testSinkContext();
    await sink.prepare?.(image.name, context);
    const stored = await sink.store(image, context);
    assertWhole(await read(image.name), image);
    assert.ok(stored.path.includes(image.name), 'the path names the image');
    assert.doesNotMatch(stored.path, /\/\/[^/]*@/u, 'the path holds no user information');
    assert.equal(context.progressed.at(-1), image.bytes, 'the last progress is the whole image');
    assert.deepEqual(
      [...context.progressed].sort((a, b) => a - b),
      context.progressed,
      'progress never goes back',
    );
  });

  test('leaves nothing behind by preparing, however often', async ({ sink, read, list }) => {
    const imageName = newName();
    await sink.prepare?.(imageName, testSinkContext());
    await sink.prepare?.(imageName, testSinkContext());
    assert.equal((await read(imageName))?.length, undefined, 'nothing lies under the final name');
    assert.deepEqual(await visible(list), []);
  });

  test('leaves nothing unfinished beside a stored image', async ({ sink, list }) => {
    await using image = await StagedTestImage.create(sink);
    await sink.store(image, testSinkContext());
    if (list !== undefined) assert.equal((await visible(list)).length, 1);
  });

  test('closes every stream that it opened and leaves no listener on the signal', async ({ sink }) => {
    await using image = await StagedTestImage.create(sink);
    const { signal } = new AbortController();
    await sink.store(image, testSinkContext(signal));
    assert.ok(image.allClosed(), 'every stream is closed');
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test('touches nothing when it is cancelled beforehand', async ({ sink, read }) => {
    await using image = await StagedTestImage.create(sink);
    const context = testSinkContext(AbortSignal.abort(new Error('stop')));
    await assert.rejects(sink.store(image, context), 'it fails, with whatever error');
    assert.equal((await read(image.name))?.length, undefined, 'nothing lies under the final name');
  });

  test('when cancelled in the middle stops in time, with a whole image or none', async ({ sink, read }) => {
    const controller = new AbortController();
    await using image = await StagedTestImage.create(sink, () => {
      controller.abort(new Error('stop'));
    });
    const storing = sink.store(image, testSinkContext(controller.signal)).then(
      () => 'stored' as const,
      () => 'failed' as const,
    );
    const outcome = await within(limitMs, 'cancelling', storing);
    const found = await read(image.name);
    if (outcome === 'stored') assertWhole(found, image);
    else assert.equal(found?.length, undefined, 'nothing lies under the final name');
    assert.ok(image.allClosed(), 'every stream is closed');
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  });

  test('when the image cannot be read fails, with a whole image or none', async ({ sink, read }) => {
    await using image = await StagedTestImage.create(sink, (stream) => {
      stream.destroy(new Error('the disk broke'));
    });
    const outcome = await within(
      limitMs,
      'failing',
      sink.store(image, testSinkContext()).then(
        () => 'stored' as const,
        () => 'failed' as const,
      ),
    );
    const found = await read(image.name);
    if (outcome === 'stored') assertWhole(found, image);
    else assert.equal(found?.length, undefined, 'nothing lies under the final name');
    assert.ok(image.allClosed(), 'every stream is closed');
  });

  test('refuses a name that is taken, and leaves what is there alone', async (subject) => {
    if (subject.refusesTakenName === false) return;
    const { sink, read } = subject;
    await using first = await StagedTestImage.create(sink);
    await sink.store(first, testSinkContext());
    const second = subject.another?.() ?? sink;
    await using other = await StagedTestImage.create(second, undefined, first.name);
    await assert.rejects(
      async () => {
        await second.prepare?.(other.name, testSinkContext());
        await second.store(other, testSinkContext());
      },
      (error) => isBackupError(error) && ['SINK_REJECTED', 'INVALID_OPTIONS'].includes(error.code),
    );
    assertWhole(await read(first.name), first);
  });
}

/** A real staged file of three megabytes that remembers the streams it gave out. */
class StagedTestImage implements BackupImage, AsyncDisposable {
  readonly name: string;
  readonly path: string;
  readonly content: Buffer;
  readonly sha256: string;
  readonly #folder: string;
  readonly #streams: ReadStream[] = [];
  readonly #inTheMiddle: ((stream: ReadStream) => void) | undefined;

  private constructor(
    folder: string,
    name: string,
    content: Buffer,
    inTheMiddle: ((stream: ReadStream) => void) | undefined,
  ) {
    this.#folder = folder;
    this.name = name;
    this.path = join(folder, `staged-${name}`);
    this.content = content;
    this.sha256 = createHash('sha256').update(content).digest('hex');
    this.#inTheMiddle = inTheMiddle;
  }

  static async create(
    sink: ImageSink,
    inTheMiddle?: (stream: ReadStream) => void,
    name = newName(),
  ): Promise<StagedTestImage> {
    // Where a run would stage it for this sink; in a folder, so that a sink's own place stays as it is.
    const folder = await mkdtemp(join(sink.stagingDirectory ?? tmpdir(), '.staged-'));
    const content = new SeededRandom(name.length).bytes(3_000_000);
    const image = new StagedTestImage(folder, name, content, inTheMiddle);
    await writeFile(image.path, content, { mode: 0o600 });
    return image;
  }

  get bytes(): number {
    return this.content.length;
  }

  open(): ReadStream {
    const stream = createReadStream(this.path);
    this.#streams.push(stream);
    const inTheMiddle = this.#inTheMiddle;
    if (inTheMiddle !== undefined) {
      stream.on('error', () => undefined);
      const read = stream._read.bind(stream);
      let reads = 0;
      stream._read = (size) => {
        reads += 1;
        if (reads === 10) inTheMiddle(stream);
        if (!stream.destroyed) read(size);
      };
    }
    return stream;
  }

  allClosed(): boolean {
    return this.#streams.every((stream) => stream.destroyed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

// Not by deepEqual, which would print megabytes.
function assertWhole(found: Uint8Array | undefined, image: StagedTestImage): void {
  assert.ok(found !== undefined, 'there is an image under the final name');
  assert.ok(image.content.equals(found), 'it is the image byte for byte');
}

/** Without what this suite staged itself, which may well be in the sink's own place. */
async function visible(list: SinkUnderTest['list']): Promise<string[]> {
  const names = (await list?.()) ?? [];
  return names.filter((name) => !name.startsWith('.staged-'));
}

function newName(): string {
  return `20261124093000_${randomUUID()}.zip`;
}
