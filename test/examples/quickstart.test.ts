import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { verifyImage } from 'gateway-backup';
import { sampleImageEntries } from 'gateway-backup/testing';
import { ensure } from '../support/prerequisites.js';
import { assertReadableByAll, imagePaths, imageText } from '../support/read-image.js';

const run = promisify(execFile);
const quickstart = fileURLToPath(new URL('../../examples/quickstart.js', import.meta.url));
const ssgbackup = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

describe('the quickstart', () => {
  let folder: string;
  let output: string;
  let image: string;
  before(async () => {
    await ensure('mariadb');
    folder = await mkdtemp(join(tmpdir(), 'gateway-backup-test-'));
    const result = await run(process.execPath, [quickstart], { cwd: folder });
    assert.equal(result.stderr, '');
    output = result.stdout;
    image = /^The image, [\d,]+ bytes: (.*)$/mu.exec(output)?.[1] ?? '';
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('says what became of each component and lists the image', () => {
    assert.match(output, /^Backup: success$/mu);
    for (const component of ['maindb', 'audits', 'config', 'os', 'ca', 'ma', 'ext']) {
      assert.match(
        output,
        new RegExp(`^ {2}${component} +collected +[1-9]\\d* entries, [\\d,]+ bytes$`, 'mu'),
      );
      for (const entry of sampleImageEntries[component as 'os'])
        assert.ok(output.includes(`  ${entry}\n`), entry);
    }
  });

  test('leaves the image and nothing else', async () => {
    assert.deepEqual(await readdir(join(folder, 'build', 'quickstart')), [
      image.slice(image.lastIndexOf('/') + 1),
    ]);
  });

  test('makes an image that every zip reader takes', async () => {
    const entries = await assertReadableByAll(image);
    const { maindb, audits, config, os, ca, ma, ext } = sampleImageEntries;
    const expected = [...maindb, ...audits, ...config, ...os, ...ca, ...ma, ...ext];
    assert.deepEqual(
      entries.map(({ path }) => path).sort(),
      [...expected, 'version', 'backup.json', 'manifest.log'].sort(),
    );
  });

  test('makes an image that verifies, by the library and by the command', async () => {
    const verification = await verifyImage(image);
    assert.deepEqual([verification.valid, verification.faults, verification.version], [true, [], '9.4.00']);
    await run(process.execPath, [ssgbackup, '--verify', image]);
  });

  test('makes an image whose last entry lists all the others in order', async () => {
    const paths = await imagePaths(image);
    assert.equal(paths.at(-1), 'manifest.log');
    const manifest = await imageText(image, 'manifest.log');
    assert.deepEqual(manifest.trimEnd().split('\n'), paths.slice(0, -1));
  });
});
