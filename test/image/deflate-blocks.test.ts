import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { crc32, gunzipSync, gzipSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { BLOCK_BYTES, BlockPool, blockPool } from '#dist/image/block-pool.js';
import { chooseStrategy, isDense, type BlockStrategy } from '#dist/image/block-strategy.js';
import { BlockDeflater, type BlockDeflaterOptions } from '#dist/image/deflate-blocks.js';
import { gzipBlocks } from '#dist/image/gzip-blocks.js';
import { rounds, testSeed } from '../support/soak.js';

const strategies: readonly BlockStrategy[] = ['matches', 'huffman', 'stored'];

describe('block-parallel deflate', () => {
  it('gives any input back through inflate, whatever the chunks, blocks, levels and strategies', async () => {
    await fc.assert(
      fc.asyncProperty(inputs, async ({ chunks, blockBytes, level, inFlight, picks, compressed }) => {
        const content = Buffer.concat(chunks);
        let turn = 0;
        const seen: Buffer[] = [];
        const deflater = new BlockDeflater(from(chunks), {
          level,
          blockBytes,
          inFlight,
          compressed,
          onBlock: (block) => seen.push(Buffer.from(block)),
          strategy: picks.length === 0 ? undefined : () => strategies[picks[turn++ % picks.length]!]!,
        });
        const deflated = await buffer(deflater);
        assert.deepEqual(inflateRawSync(deflated), content);
        assert.deepEqual(Buffer.concat(seen), content);
        assert.equal(deflater.bytes, content.length);
        assert.equal(deflater.compressedBytes, deflated.length);
        assert.equal(deflater.crc32, crc32(content));
      }),
      { seed: testSeed('deflate'), numRuns: rounds(400, 20_000) },
    );
  });

  it('gives any input back through gunzip', async () => {
    await fc.assert(
      fc.asyncProperty(inputs, async ({ chunks, blockBytes, level }) => {
        const zipped = await buffer(gzipBlocks(from(chunks), { blockBytes, level }));
        assert.deepEqual(gunzipSync(zipped), Buffer.concat(chunks));
      }),
      { seed: testSeed('deflate'), numRuns: rounds(100, 5_000) },
    );
  });

  it('makes the same gzip bytes of the same content', async () => {
    const chunks = [Buffer.from('SET FOREIGN_KEY_CHECKS = 0;\n'), randomBytes(5000)];
    assert.deepEqual(await buffer(gzipBlocks(from(chunks))), await buffer(gzipBlocks(from(chunks))));
  });

  it('compresses hex of compressed bytes smaller than level 6 does, and hex of text with matches', () => {
    const hex = Buffer.from(randomBytes(BLOCK_BYTES / 2).toString('hex'));
    assert.equal(chooseStrategy(hex), 'huffman');
    assert.equal(
      chooseStrategy(Buffer.from(Buffer.from('<a>text</a>'.repeat(50_000)).toString('hex'))),
      'matches',
    );
    assert.equal(chooseStrategy(randomBytes(BLOCK_BYTES)), 'stored');
    assert.equal(chooseStrategy(gzipSync(hex)), 'stored');
    assert.equal(chooseStrategy(Buffer.from('INSERT INTO t VALUES (1);\n'.repeat(9_000))), 'matches');
  });

  it('gives pooled blocks back, in full, in part and when the reader leaves early', async () => {
    const pool = new BlockPool();
    async function* blocks(count: number) {
      for (let i = 0; i < count; i++) {
        const block = pool.acquire().fill(i);
        yield i % 3 === 0 ? block.subarray(0, 1000) : block;
        await Promise.resolve();
      }
    }
    const deflater = new BlockDeflater(blocks(20), { pool });
    assert.equal(inflateRawSync(await buffer(deflater)).length, deflater.bytes);
    assert.equal(pool.lent, 0);
    for await (const piece of new BlockDeflater(blocks(20), { pool, inFlight: 2 })) {
      assert.ok(piece.length > 0);
      break;
    }
    assert.equal(pool.lent, 0);
  });

  it('keeps few blocks in memory however long the content is', async () => {
    const pool = new BlockPool();
    let most = 0;
    async function* blocks() {
      for (let i = 0; i < 64; i++) {
        most = Math.max(most, pool.lent);
        yield pool.acquire().fill('text ');
        await Promise.resolve();
      }
    }
    await buffer(new BlockDeflater(blocks(), { pool, inFlight: 3 }));
    assert.ok(most <= 4, `${most} blocks at once`);
  });

  it('throws the error of its source and closes it', async () => {
    let closed = false;
    async function* broken() {
      try {
        yield randomBytes(BLOCK_BYTES);
        await Promise.resolve();
        throw new Error('the source broke');
      } finally {
        closed = true;
      }
    }
    const lentBefore = blockPool.lent;
    await assert.rejects(buffer(new BlockDeflater(broken())), /the source broke/);
    assert.ok(closed);
    assert.equal(blockPool.lent, lentBefore);
  });

  it('a block released twice is lent once', () => {
    const pool = new BlockPool(16);
    const block = pool.acquire();
    pool.release(block.subarray(0, 3));
    pool.release(block);
    assert.notEqual(pool.acquire().buffer, pool.acquire().buffer);
    pool.release(randomBytes(16));
    assert.equal(pool.lent, 2);
  });
});

const chunk = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 400 }))
    .map(([unit, count]) => {
      return Buffer.concat(Array.from({ length: count }, () => unit));
    }),
  fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(Buffer.from(bytes).toString('hex'))),
);

const inputs = fc.record({
  chunks: fc.array(chunk, { maxLength: 12 }),
  blockBytes: fc.constantFrom(1, 7, 64, 1000, 4096, 70_000, BLOCK_BYTES),
  level: fc.integer({ min: 0, max: 9 }),
  inFlight: fc.integer({ min: 1, max: 4 }),
  picks: fc.array(fc.nat({ max: 2 }), { maxLength: 5 }),
  compressed: fc.boolean(),
}) satisfies fc.Arbitrary<BlockDeflaterOptions & Record<string, unknown>>;

async function* from(chunks: readonly Uint8Array[]) {
  for (const item of chunks) {
    yield item;
    await Promise.resolve();
  }
}

describe('the look at a file that calls itself compressed', () => {
  it('tells compressed content from text, code and runs', () => {
    for (const bytes of [1024, 5000, 100_000]) {
      assert.ok(isDense(randomBytes(bytes)), `${bytes} random bytes`);
      assert.ok(!isDense(Buffer.alloc(bytes, 'import java.util.Map; ')), `${bytes} bytes of text`);
      assert.ok(!isDense(Buffer.alloc(bytes)), `${bytes} zeros`);
      assert.ok(!isDense(Buffer.from(randomBytes(bytes).toString('base64'))), `${bytes} bytes in base64`);
    }
    assert.ok(!isDense(randomBytes(100)), 'too little to tell');
  });
});
