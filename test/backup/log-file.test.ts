import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { LogFile } from '#dist/backup/log-file.js';

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

test('every line of the log carries the time, also those of a text of several', (t) => {
  const folder = folderFor(t);
  const log = new LogFile({ folder, name: 'ssgbackup' }, () => new Date(0));
  log.write('one\ntwo');
  log.close();
  const path = join(folder, 'ssgbackup0.log');
  assert.equal(readFileSync(path, 'utf8'), '1970-01-01T00:00:00.000Z one\n1970-01-01T00:00:00.000Z two\n');
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a log is gone on with, and rotated when it is full, keeping so many files', (t) => {
  const folder = folderFor(t);
  for (let run = 0; run < 5; run += 1) {
    const log = new LogFile({ folder, name: 'x', maxBytes: 60, files: 3 });
    log.write(`run ${run}, line 1`);
    log.write(`run ${run}, line 2`);
    log.close();
  }
  assert.deepEqual(readdirSync(folder).sort(), ['x0.log', 'x1.log', 'x2.log']);
  const last = readFileSync(join(folder, 'x0.log'), 'utf8') + readFileSync(join(folder, 'x1.log'), 'utf8');
  assert.match(last, /run 4, line 1/);
  assert.match(last, /run 4, line 2/);
});

test('a folder that cannot be made is an error at once', (t) => {
  const file = join(folderFor(t), 'file');
  writeFileSync(file, '');
  assert.throws(() => new LogFile({ folder: join(file, 'logs'), name: 'x' }), /ENOTDIR/);
});

test('a log that fails later is given up without an error', (t) => {
  const folder = folderFor(t);
  const log = new LogFile({ folder, name: 'x', maxBytes: 1 });
  log.write('first');
  rmSync(folder, { recursive: true });
  writeFileSync(folder, '');
  log.write('second');
  log.write('third');
  log.close();
});
