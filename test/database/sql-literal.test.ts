import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sqlKernel } from '#dist/database/sql-kernel.js';
import {
  escapeByByte,
  hexByString,
  isCarriedAsText,
  writeAscii,
  writeEscaped,
  writeHexDigits,
  writeRaw,
  writeText,
} from '#dist/database/sql-literal.js';
import { rounds, testSeed } from '../support/soak.js';

/** Bytes of which many need an escape, of lengths around what the loops do at a time. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  // What a restore takes for an empty binary, at every place of values on both sides of the limit for short ones.
  fc.tuple(fc.nat(200), fc.nat(200)).map(([before, behind]) => {
    return Buffer.from(`${'a'.repeat(before)}0x,${'b'.repeat(behind)}`);
  }),
  fc.array(fc.constantFrom(0x5c, 0x27, 0x22, 0x0a, 0x0d, 0x2c, 0x30, 0x78, 0x61, 0xc3, 0xa9), {
    maxLength: 300,
  }),
  fc.tuple(fc.nat(200_000), fc.uint8Array({ minLength: 1, maxLength: 40 })).map(([length, pattern]) => {
    return Buffer.alloc(length, Buffer.from(pattern));
  }),
);

const check = (property: fc.IProperty<[Uint8Array | number[]]>): void => {
  fc.assert(property, { numRuns: rounds(300, 20_000), seed: testSeed('literals') });
};

test('the kernel is used where this machine has it', () => {
  assert.notEqual(sqlKernel, undefined);
});

test('bytes are written as they are, and nothing beside them', () => {
  check(
    fc.property(bytes, (list) => {
      const value = Buffer.from(list);
      const text = value.toString('latin1').replace(/[^ -~]/gu, '.');
      for (const [content, write] of [
        [value, (block: Buffer) => writeRaw(block, 7, value)],
        [Buffer.from(text), (block: Buffer) => writeAscii(block, 7, text)],
      ] as const) {
        const block = Buffer.alloc(value.length + 40, 0x2a);
        const end = write(block);
        assert.ok(block.subarray(7, end).equals(content));
        assert.equal(end, 7 + content.length);
        assert.equal(block[6], 0x2a, 'nothing before');
        assert.equal(block[end], 0x2a, 'nothing behind');
      }
    }),
  );
});

test('a string is written with its escapes, or not at all', () => {
  const carried = {
    '': "''",
    plain: "'plain'",
    'jürgen, 0x': "'jürgen, 0x'",
    ',': "','",
    'x,': "'x,'",
    'ax,': "'ax,'",
    '0y,': "'0y,'",
    '00,': "'00,'",
    'aa,': "'aa,'",
    'it\'s "so"': "'it\\'s \\\"so\\\"'",
    'a\\b\nc\rd': "'a\\\\b\\nc\\rd'",
  };
  const refused = ['\0', 'a\0b', '\u001a', 'a\u001ab', '0x,', 'a0x,b'];
  for (const padding of ['', 'p'.repeat(127), 'p'.repeat(1000)]) {
    for (const [text, literal] of Object.entries(carried)) {
      const value = Buffer.from(padding + text);
      const block = Buffer.alloc(2 * value.length + 40, 0x2a);
      const end = writeText(block, 1, value, false);
      assert.equal(block.toString('utf8', 1, end), `'${padding}${literal.slice(1)}`);
      assert.equal(block[0], 0x2a, 'nothing before');
      assert.equal(block[end], 0x2a, 'nothing behind');
      assert.equal(writeText(block, 1, value, true) >= 0, !text.includes('ü'));
      assert.equal(isCarriedAsText(value, false), true);
    }
    for (const text of refused) {
      const value = Buffer.from(padding + text);
      assert.equal(writeText(Buffer.alloc(2 * value.length + 40), 0, value, false), -1);
      assert.equal(isCarriedAsText(value, false), false, JSON.stringify(text));
    }
  }
});

test('text is escaped by five escapes, whatever its length', () => {
  check(
    fc.property(bytes, (list) => {
      const value = Buffer.from(list);
      const expected = value
        .toString('latin1')
        .replace(/[\\'"\n\r]/g, (sign) => `\\${{ '\n': 'n', '\r': 'r' }[sign] ?? sign}`);
      for (const write of [writeEscaped, escapeByByte]) {
        const block = Buffer.alloc(2 * value.length + 40, 0x2a);
        const end = write(block, 7, value);
        assert.equal(block.toString('latin1', 7, end), expected);
        assert.equal(block[6], 0x2a, 'nothing before');
        assert.equal(block[end], 0x2a, 'nothing behind');
      }
    }),
  );
});

test('hexadecimal digits are those of the bytes, whatever their number', () => {
  check(
    fc.property(bytes, (list) => {
      const value = Buffer.from(list);
      for (const write of [writeHexDigits, hexByString]) {
        const block = Buffer.alloc(2 * value.length + 40, 0x2a);
        const end = write(block, 3, value);
        assert.equal(block.toString('latin1', 3, end), value.toString('hex'));
        assert.equal(block[end], 0x2a, 'nothing behind');
      }
    }),
  );
});

test('a string is written only if a restore leaves it as it is', () => {
  check(
    fc.property(bytes, (list) => {
      const value = Buffer.from(list);
      for (const asciiOnly of [true, false]) {
        const block = Buffer.alloc(2 * value.length + 40);
        const end = writeText(block, 0, value, asciiOnly);
        const carried =
          !/[\0\u001a]|0x,/u.test(value.toString('latin1')) &&
          (asciiOnly
            ? value.every((byte) => byte < 0x80)
            : value.toString('utf8') === new TextDecoder().decode(value)) &&
          Buffer.from(value.toString('utf8')).equals(value);
        assert.equal(end >= 0, carried);
        assert.equal(isCarriedAsText(value, asciiOnly), carried);
        if (end >= 0)
          assert.equal(block.toString('latin1', 0, 1) + block.toString('latin1', end - 1, end), "''");
      }
    }),
  );
});
