import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { entryPath } from '#dist/collectors/entry-path.js';

const safe: readonly string[] = [
  'plain.jar',
  'folder/file with spaces.jar',
  'it\'s "quoted".jar',
  '-leading-dash',
  '..x',
  '...',
  'CON',
  'trailing dot.',
  'a%20b.jar',
  '100%',
  '%zz',
  'Grüße.jar',
  'Gru\u0308ße.jar',
  '😀.jar',
];

describe('entryPath', () => {
  for (const name of safe) {
    it(`leaves ${JSON.stringify(name)} as it is`, () => {
      assert.deepEqual(entryPath(Buffer.from(name)), { path: name, originalName: undefined });
    });
  }

  const encoded: readonly (readonly [Buffer, string])[] = [
    [Buffer.from('a\nb'), 'a%0Ab'],
    [Buffer.from('a\\..\\b'), 'a%5C..%5Cb'],
    [Buffer.from('esc\x1b[31m'), 'esc%1B[31m'],
    [Buffer.from('c1\u0085'), 'c1%C2%85'],
    [Buffer.from('a%0Ab'), 'a%250Ab'],
    [Buffer.from('%25'), '%2525'],
    [Buffer.from('C:autoexec'), 'C%3Aautoexec'],
    [Buffer.from('C%3Aautoexec'), 'C%253Aautoexec'],
    [Buffer.from('line\u2028end'), 'line%E2%80%A8end'],
    [Buffer.from([0x66, 0xfc, 0x72]), 'f%FCr'],
    [Buffer.concat([Buffer.from('ü/'), Buffer.from([0xff])]), 'ü/%FF'],
  ];
  for (const [name, path] of encoded) {
    it(`turns ${JSON.stringify(name.toString('latin1'))} into ${path} and keeps the original bytes`, () => {
      assert.deepEqual(entryPath(name), { path, originalName: name });
    });
  }

  it('cuts a name that has grown too long, and two such names stay different', () => {
    const [a, b] = [0xfe, 0xff].map((last) => Buffer.concat([Buffer.alloc(254, 0xff), Buffer.from([last])]));
    const paths = [a, b].map((name) => entryPath(name!).path);
    assert.notEqual(paths[0], paths[1]);
    for (const path of paths) assert.ok(Buffer.byteLength(path) <= 255, `${Buffer.byteLength(path)} bytes`);
  });

  it('gives different safe paths for 20,000 different names', () => {
    const alphabet = Buffer.from('%253CA0Fa/:.\\\n\x80\xc3\xa4\xff', 'latin1');
    const originals = new Map<string, string>();
    for (let count = 0; count < 20_000; count++) {
      const bytes = Buffer.from(
        randomBytes(randomInt(1, 9)).map((byte) => alphabet[byte % alphabet.length]!),
      );
      const { path, originalName } = entryPath(bytes);
      assert.doesNotMatch(path, /[\x00-\x1f\\\x7f-\x9f\ufffd]/);
      assert.deepEqual(originalName ?? Buffer.from(path), bytes);
      assert.equal(originals.get(path) ?? bytes.toString('hex'), bytes.toString('hex'), path);
      originals.set(path, bytes.toString('hex'));
    }
  });
});
