import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeImage, makeMachine, readImages, recordingContext } from './collecting.js';

const names: readonly (string | Buffer)[] = [
  'new\nline',
  'carriage\rreturn',
  'tab\t',
  'escape\u001b[2J',
  'quote"quote\'',
  'back\\slash',
  '..\\..\\climb',
  '-leading-dash',
  '--',
  'x'.repeat(255),
  'ü'.repeat(127),
  Buffer.alloc(255, 0xe4),
  Buffer.from('latin-\xe4-1', 'latin1'),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xc0, 0xaf]),
  'latin-%E4-1',
  '%0A',
  'caf\u00e9',
  'cafe\u0301',
  '..x',
  '...',
  'x..',
  'CON',
  'con.txt',
  'trailing dot.',
  'trailing space ',
  ' ',
  'C:drive',
  'a:b',
  '*?<>|',
  'next\u0085line',
  'line\u2028separator',
  'right\u202eto left',
  '\ufeffmark',
  'jar:file!',
  '😀',
];

describe('files with odd names', { timeout: 60_000 }, () => {
  it('are all in the image under safe, different names, with the original bytes where those differ', async (test) => {
    const machine = makeMachine(test);
    const folder = join(machine.gatewayRoot, 'd');
    const expected = new Map<string, Buffer>();
    const parents = names
      .slice(0, 14)
      .map((name) => Buffer.concat([Buffer.from('/in-'), bytesOf(name).subarray(0, 200)]));
    for (const parent of [Buffer.alloc(0), ...parents]) {
      const parentPath = Buffer.concat([Buffer.from(folder), parent]);
      mkdirSync(parentPath, { recursive: true });
      for (const name of names) {
        const path = Buffer.concat([parentPath, Buffer.from('/'), bytesOf(name)]);
        writeFileSync(path, path);
        expected.set(path.toString('hex'), path);
      }
    }
    const context = recordingContext(machine);
    const { file, records } = await makeImage(machine.hostRoot, context.files(folder));
    const [contents] = readImages([file]);
    assert.deepEqual(context.warnings, []);
    assert.equal(records.length, expected.size);
    const prefix = Buffer.from(`${folder}/`);
    for (const { path, originalName } of records) {
      const name = path.slice('test/'.length);
      assert.doesNotMatch(
        path,
        /[\u0000-\u001f\\\u007f-\u009f\u2028\u2029\ufffd]|^\/|^[A-Za-z]:|(?:^|\/)\.{0,2}(?:\/|$)/,
      );
      for (const segment of name.split('/')) assert.ok(Buffer.byteLength(segment) <= 255);
      // The content of each file is its path.
      const found = Buffer.concat([prefix, originalName ?? Buffer.from(name)]);
      assert.ok(contents![name]!.equals(found), path);
      assert.ok(expected.delete(contents![name]!.toString('hex')), `${path} is there twice`);
    }
    assert.equal(expected.size, 0);
  });
});

function bytesOf(name: string | Buffer): Buffer {
  return Buffer.from(name as string);
}
