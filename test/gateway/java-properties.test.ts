import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { getProperties } from 'properties-file';
import { parseJavaProperties } from '#dist/gateway/java-properties.js';

const parse = (text: string): Record<string, string> =>
  Object.fromEntries(parseJavaProperties(Buffer.from(text, 'latin1')));

const cases: readonly [string, string, Record<string, string>][] = [
  ['the three separators', 'a=1\nb:2\nc 3\nd\t=\t4', { a: '1', b: '2', c: '3', d: '4' }],
  ['comments and blank lines', '# x\n  ! y\n\n \t\na=1', { a: '1' }],
  ['continued lines', 'a=1,\\\n   2,\\\r\n\t3\nb=4', { a: '1,2,3', b: '4' }],
  ['a continued line that begins like a comment', 'a=1\\\n#2', { a: '1#2' }],
  ['escapes', 'a\\ b\\=c=\\t\\n\\\\x\\u00e9\\q', { 'a b=c': '\t\n\\xéq' }],
  ['an even number of backslashes ends the line', 'a=1\\\\\nb=2', { a: '1\\', b: '2' }],
  ['bytes above 127 are ISO-8859-1', 'a=\xe9', { a: 'é' }],
  ['the last of equal keys', 'a=1\na=2', { a: '2' }],
  ['line ends of all kinds', 'a=1\rb=2\r\nc=3', { a: '1', b: '2', c: '3' }],
  ['a key without a value', 'a\nb=', { a: '', b: '' }],
  ['a backslash at the end of the file', 'a=1\\', { a: '1' }],
];
for (const [what, text, expected] of cases) {
  test(`properties: ${what}`, () => {
    assert.deepEqual(parse(text), expected);
  });
}

test('a malformed \\u escape is an error that names the line', () => {
  assert.throws(() => parse('a=1\nb=\\u12g4'), /line 2/);
});

test('a line of 10 MiB is read in time linear to its length', () => {
  assert.equal(parse(`a=${'x\\\n '.repeat(2_000_000)}`)['a']?.length, 2_000_000);
});

test('random documents are read as an independent reader reads them', () => {
  const piece = fc.constantFrom(
    ...[
      'a',
      'b',
      'key',
      '=',
      ':',
      ' ',
      '\t',
      '\f',
      '\n',
      '\r',
      '\r\n',
      '\\',
      '\\\n',
      '\\\\',
      '#',
      '!',
      '\\u0041',
      'é',
      '\\t',
      '\\n',
    ],
  );
  const runs = process.env['GATEWAY_BACKUP_SOAK'] === '1' ? 100_000 : 5_000;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('');
      assert.deepEqual(withoutEmpty(parse(text)), withoutEmpty(getProperties(text)));
    }),
    { numRuns: runs },
  );
});

/** What a continued line with nothing in it is, the two readers say differently; no key of ours is empty. */
function withoutEmpty({ '': _, ...properties }: Record<string, string>): Record<string, string> {
  return properties;
}
