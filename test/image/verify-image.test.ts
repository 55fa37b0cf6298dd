import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SqlFraming } from '#dist/image/sql-framing.js';
import { bytesEntry, ImageWriter, verifyImage, type ImageVerification } from 'gateway-backup';
import { SeededRandom } from 'gateway-backup/testing';
import { damages, operated, surgeries } from '../support/image-mutations.js';
import { assertNothingLeft, takeStock } from '../support/leak-check.js';
import { ensure } from '../support/prerequisites.js';
import { addSampleRecord, chunked, noise, writeSampleImage } from '../support/sample-image.js';
import { rounds, testSeed } from '../support/soak.js';
import { partContent, zipParts } from '../support/zip-surgery.js';

const limit = { timeout: 900_000 };
let folder: string;
let image: string;
let good: Buffer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-image-'));
  image = join(folder, 'good.zip');
  await writeSampleImage(image);
  good = await readFile(image);
});
after(async () => {
  await rm(folder, { recursive: true });
});

describe('verifyImage', limit, () => {
  it('finds nothing wrong with an image of ours, and tells what it is', async () => {
    const stock = takeStock();
    const progress: number[] = [];
    const result = await verifyImage(image, { onProgress: (bytes) => progress.push(bytes) });
    assert.deepEqual(result.faults, []);
    assert.ok(result.valid);
    assert.equal(result.status, 'success');
    assert.equal(result.version, '9.4.00');
    assert.equal(result.record!.gateway.node, 'node1');
    assert.equal(result.bytes, good.length);
    assert.equal(progress.at(-1), good.length);
    assert.deepEqual(result.notes, []);
    await assertNothingLeft(stock);
  });

  it('finds nothing wrong with an image that was rolled back and one without components', async () => {
    const rolled = join(folder, 'rolled.zip');
    const writer = await ImageWriter.create(rolled);
    await writer.addOwn(bytesEntry('version', '9.4.00'));
    const savepoint = writer.savepoint();
    const broken = { path: 'x', open: () => failing() };
    await assert.rejects(writer.addAll('ext', [bytesEntry('a', 'a'), broken]), /broke/);
    await writer.rollback(savepoint);
    await addSampleRecord(writer, ['ext']);
    await writer.finish();
    assert.deepEqual((await verifyImage(rolled)).faults, []);
  });

  for (const surgery of surgeries) {
    it(`names the fault when ${surgery.name}`, async () => {
      const result = await verify(operated(good, surgery));
      assert.equal(result.valid, false);
      const codes = result.faults.map(({ code }) => code);
      assert.ok(codes.includes(surgery.code), JSON.stringify(result.faults));
    });
  }

  it('names the fault of a file that is no zip, empty, missing, a folder or a pipe', async () => {
    for (const content of [Buffer.alloc(0), Buffer.from('hello'), noise(100_000), Buffer.alloc(22)]) {
      assert.equal((await verify(content)).faults[0]?.code, 'structure');
    }
    assert.equal((await verifyImage(join(folder, 'missing'))).faults[0]?.code, 'unreadable');
    assert.equal((await verifyImage(folder)).faults[0]?.code, 'unreadable');
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    assert.equal((await verifyImage(pipe)).faults[0]?.code, 'unreadable');
  });

  it('checks the structure of an image that another program made, and says what it could not check', async () => {
    await ensure('zip', 'python');
    const tree = join(folder, 'tree');
    await mkdir(join(tree, 'config'), { recursive: true });
    await writeFile(join(tree, 'version'), '9.2.00\n');
    await writeFile(join(tree, 'config', 'node.properties'), 'a=b\n'.repeat(100));
    await writeFile(join(tree, 'manifest.log'), 'version\nconfig/node.properties\n');
    const foreign = join(folder, 'foreign.zip');
    execFileSync('zip', ['-q', '-X', '-D', foreign, 'version', 'config/node.properties', 'manifest.log'], {
      cwd: tree,
    });
    const result = await verifyImage(foreign);
    assert.deepEqual(result.faults, []);
    assert.equal(result.version, '9.2.00');
    assert.equal(result.record, null);
    assert.match(result.notes.join(), /made by another program/);
    const streamed = execFileSync('zip', ['-q', '-X', '-D', '-', 'version', 'config/node.properties'], {
      cwd: tree,
    });
    assert.deepEqual((await verify(streamed)).faults, []);
    const bytes = await readFile(foreign);
    bytes[60]! ^= 4;
    assert.equal((await verify(bytes)).valid, false);
  });

  it('cancels at once and leaves nothing open', async () => {
    const stock = takeStock();
    const control = new AbortController();
    const call = verifyImage(image, {
      signal: control.signal,
      onProgress: () => {
        control.abort('enough');
      },
    });
    await assert.rejects(call, { code: 'CANCELLED', cause: 'enough' });
    await assert.rejects(verifyImage(image, { signal: AbortSignal.abort() }), { code: 'CANCELLED' });
    await assertNothingLeft(stock, { signals: [control.signal] });
  });

  it('prints nothing from an image that a terminal would obey', async () => {
    const evil = operated(good, {
      name: '',
      code: 'name',
      operate: (parts) => (parts[1]!.name = Buffer.from('ext/\u001b[2J\u202e')),
    });
    const text = (await verify(evil)).faults.map(({ message, entry = '' }) => message + entry).join('');
    assert.match(text, /\\u001b\[2J/);
    assert.equal(/[\u001b\u202e]/u.test(text), false);
  });

  it('accepts no random damage that changes anything, and survives all of it', async (test) => {
    const seeded = new SeededRandom(testSeed('damage'));
    const random = (below: number): number => seeded.integer(below);
    const names = Object.keys(damages);
    const original = describeImage(good);
    const rss = process.memoryUsage().rss;
    let harmless = 0;
    let slowest = 0;
    const count = rounds(1_500, 10_000);
    for (let round = 0; round < count; round++) {
      const name = names[round % names.length]!;
      const damaged = damages[name]!(good, random);
      if (damaged.equals(good)) continue;
      const started = performance.now();
      const result = await verify(damaged);
      slowest = Math.max(slowest, performance.now() - started);
      if (!result.valid) continue;
      harmless++;
      // Bits that mean nothing, such as the padding of a stored block.
      assert.deepEqual(describeImage(damaged), original, `round ${round}: ${name}`);
    }
    const growth = (process.memoryUsage().rss - rss) / 2 ** 20;
    test.diagnostic(
      `${count} damages, ${harmless} harmless, slowest ${slowest.toFixed(0)} ms, RSS +${growth.toFixed(0)} MiB`,
    );
    assert.ok(growth < 64, `RSS grew by ${growth} MiB`);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => !known.has(name)),
      [],
      'nothing was ever written',
    );
  });
});

describe('the frame of a dump', () => {
  it('is the same however its bytes are cut', () => {
    const dump = Buffer.from(
      "SET FOREIGN_KEY_CHECKS = 0;\nINSERT INTO `a'b` VALUES ('\\\\','\\'','x\\\\\\'');\nSET FOREIGN_KEY_CHECKS = 1;\n",
    );
    for (let size = 1; size <= dump.length; size++) {
      const framing = new SqlFraming();
      for (let from = 0; from < dump.length; from += size) framing.update(dump.subarray(from, from + size));
      assert.equal(framing.finish(), undefined, `cut every ${size} bytes`);
      const open = new SqlFraming();
      const broken = Buffer.from(dump.toString().replace("');", "'');"));
      for (let from = 0; from < broken.length; from += size) open.update(broken.subarray(from, from + size));
      assert.match(open.finish() ?? '', /line 2 ends inside quotes/);
    }
  });
});

const known = new Set(['good.zip', 'candidate.zip', 'rolled.zip', 'pipe', 'tree', 'foreign.zip']);

async function verify(bytes: Uint8Array): Promise<ImageVerification> {
  const path = join(folder, 'candidate.zip');
  await writeFile(path, bytes);
  return verifyImage(path);
}

/** Everything that an image means: names, kinds, times and contents. */
function describeImage(bytes: Buffer): unknown {
  return zipParts(bytes).map((part) => ({
    name: part.name.toString('latin1'),
    attributes: part.attributes,
    unixTime: part.unixTime,
    dosTime: part.dosDate * 65_536 + part.dosTime,
    content: createHash('sha256').update(partContent(part)).digest('hex'),
  }));
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield* chunked(noise(3_000_000), 65_536);
  throw new Error('the source broke');
}
