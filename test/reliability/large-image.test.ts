import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { verifyImage } from 'gateway-backup';
import { createSampleGateway, SeededRandom, type SampleGateway } from 'gateway-backup/testing';
import { ensure } from '../support/prerequisites.js';
import { readByJava, readByPython, type ReadEntry } from '../support/read-image.js';
import { isSoak } from '../support/soak.js';

const run = promisify(execFile);
const mebibyte = 1024 * 1024;

// In the long run 2 GiB of jars, and behind them a file of more than 4 GiB that only zip64 can carry.
const jars = isSoak ? 32 : 4;
const jarMebibytes = isSoak ? 64 : 16;
const databaseBytes = isSoak ? 4300 * mebibyte : 70 * mebibyte;

let gateway: SampleGateway;
let folder: string;

before(async () => {
  await ensure('java', 'python', 'unzip');
  gateway = await createSampleGateway();
  folder = await mkdtemp(join(tmpdir(), 'large-image-'));
});

after(async () => {
  await gateway.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Writes a file that does not compress. */
async function writeJar(path: string, random: SeededRandom): Promise<Omit<ReadEntry, 'path'>> {
  const digest = createHash('sha256');
  const block = random.bytes(mebibyte);
  const file = await open(path, 'w');
  for (let written = 0; written < jarMebibytes; written++) {
    block.writeUInt32LE(written, 0);
    digest.update(block);
    await file.write(block);
  }
  await file.close();
  return { bytes: jarMebibytes * mebibyte, sha256: digest.digest('hex') };
}

test('files far larger than memory may be take little of it, and every reader gets them back', async () => {
  const random = new SeededRandom(1);
  const expected: ReadEntry[] = [];
  const ext = gateway.resolve('Gateway', 'runtime', 'lib', 'ext');
  for (let number = 0; number < jars; number++) {
    const name = `large-${String(number).padStart(2, '0')}.jar`;
    expected.push({ path: `ext/${name}`, ...(await writeJar(join(ext, name), random)) });
  }
  const esm = gateway.resolve('EnterpriseManager', 'var', 'db', 'emsdb', 'seg0');
  await writeFile(join(esm, 'large.dat'), '');
  await truncate(join(esm, 'large.dat'), databaseBytes);

  const script = fileURLToPath(new URL('run-measured.js', import.meta.url));
  const { gatewayRoot, hostRoot } = gateway;
  const options = { image: join(folder, 'node1.zip'), ext: true, esm: true };
  const { stdout } = await run(process.execPath, [
    script,
    JSON.stringify({ options, host: { gatewayRoot, hostRoot } }),
  ]);
  const { status, image, peakBytes } = JSON.parse(stdout) as {
    readonly status: string;
    readonly image: { readonly path: string; readonly bytes: number };
    readonly peakBytes: number;
  };
  const total = jars * jarMebibytes + databaseBytes / mebibyte;
  console.log(
    `${total} MiB in an image of ${Math.round(image.bytes / mebibyte)} MiB: peak ${Math.round(peakBytes / mebibyte)} MiB`,
  );
  assert.equal(status, 'success');
  assert.ok(peakBytes <= 160 * mebibyte, `${peakBytes} bytes`);

  const { valid, faults } = await verifyImage(image.path);
  assert.ok(valid, JSON.stringify(faults));
  const byPython = await readByPython(image.path);
  assert.deepEqual(await readByJava(image.path), byPython);
  const tested = await run('unzip', ['-tqq', image.path]);
  assert.equal(tested.stdout + tested.stderr, '');
  assert.deepEqual(
    byPython.filter(({ path }) => path.startsWith('ext/large-')),
    expected,
  );
  const database = byPython.find(({ path }) => path.endsWith('/large.dat'));
  assert.equal(database?.bytes, databaseBytes);
});
