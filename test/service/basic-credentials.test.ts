import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from 'gateway-backup/testing';
import { parseBasicCredentials } from '#dist/service/basic-credentials.js';

function basic(bytes: Buffer | string): string {
  return `Basic ${Buffer.from(bytes as string, 'latin1').toString('base64')}`;
}

function parse(header: string | undefined, charset: 'iso-8859-1' | 'utf-8' = 'iso-8859-1'): string {
  const credentials = parseBasicCredentials(header, charset);
  if (credentials.kind !== 'present') return credentials.kind;
  return `${credentials.login}|${credentials.password.reveal()}`;
}

const utf8 = Buffer.from('jürgen:päss', 'utf8').toString('latin1');

const table: readonly (readonly [string, string | undefined, string])[] = [
  ['no header', undefined, 'absent'],
  ['another scheme', 'Bearer YTpi', 'absent'],
  ['a scheme that only begins like Basic', 'Basically YTpi', 'absent'],
  ['a scheme that only ends like Basic', 'NotBasic YTpi', 'absent'],
  ['a scheme in lower case', 'basic YTpi', 'a|b'],
  ['several spaces', 'Basic   YTpi', 'a|b'],
  ['nothing after the scheme', 'Basic', 'malformed'],
  ['no colon', basic('admin'), 'malformed'],
  ['an empty login', basic(':secret'), '|secret'],
  ['an empty password', basic('admin:'), 'admin|'],
  ['colons in the password', basic('admin:a:b:'), 'admin|a:b:'],
  ['padding left out', 'Basic YWI6Yw', 'ab|c'],
  ['padding', 'Basic YWI6Yw==', 'ab|c'],
  ['half of the padding', 'Basic YWI6Yw=', 'malformed'],
  ['too much padding', 'Basic YWI6Y2Q9===', 'malformed'],
  ['a left-over character', 'Basic YWI6Y', 'malformed'],
  ['not base 64', 'Basic !!!!', 'malformed'],
  ['not base 64 before what is', 'Basic !!!!YTpi', 'malformed'],
  ['padding in the middle', 'Basic YQ==YTpi', 'malformed'],
  ['the alphabet for URLs', 'Basic YTpi_-__', 'malformed'],
  ['spaces after the token', 'Basic YTpi  ', 'a|b'],
  ['two tokens', 'Basic YTpi YTpi', 'malformed'],
  ['64 kB', basic(`admin:${'x'.repeat(65_536)}`), 'malformed'],
  ['the longest header', `Basic${' '.repeat(8192 - 9)}YTpi`, 'a|b'],
  ['a longer header', `Basic${' '.repeat(8192 - 8)}YTpi`, 'malformed'],
  ['the longest login', basic(`${'x'.repeat(1024)}:`), `${'x'.repeat(1024)}|`],
  ['a longer login', basic(`${'x'.repeat(1025)}:`), 'malformed'],
  ['the longest password', basic(`:${'x'.repeat(1024)}`), `|${'x'.repeat(1024)}`],
  ['a longer password', basic(`:${'x'.repeat(1025)}`), 'malformed'],
  ['a line feed', basic('admin:a\nb'), 'malformed'],
  ['a DEL', basic('a:b\x7f'), 'malformed'],
  ['a NUL', basic('ad\0min:b'), 'malformed'],
  ['ISO-8859-1', basic('jürgen:päss'), 'jürgen|päss'],
  ['UTF-8, which is not what it is read as', basic(utf8), 'jÃ¼rgen|pÃ¤ss'],
  ['an encoded word each, base 64', basic('=?UTF-8?B?asO8cmdlbg==?=:=?utf-8?b?cMOkc3M=?='), 'jürgen|päss'],
  ['an encoded word each, Q', basic('=?ISO-8859-15?Q?j=FCrgen?=:=?UTF-8?q?a_=e2=82=ac?='), 'jürgen|a €'],
  ['one encoded word for both', basic('=?UTF-8?B?asO8cmdlbjpww6Rzcw==?='), 'jürgen|päss'],
  ['a colon inside an encoded login', basic('=?UTF-8?Q?a:b?=:c'), 'a:b|c'],
  ['two encoded words', basic('=?UTF-8?Q?=C3=A9?= =?UTF-8?Q?=C3=A8?=:x'), 'éè|x'],
  ['a language tag', basic('=?UTF-8*fr?Q?=C3=A9?=:x'), 'é|x'],
  ['Cyrillic', basic('=?KOI8-R?B?8NXby8nO?=:x'), 'Пушкин|x'],
  ['an unknown character set', basic('=?x-none?Q?a?=:b'), '=?x-none?Q?a?=|b'],
  ['bytes that the character set does not have', basic('=?UTF-8?Q?=FF?=:b'), '=?UTF-8?Q?=FF?=|b'],
  ['a control inside an encoded word', basic('=?UTF-8?Q?a=0Ab?=:c'), 'malformed'],
];

test('Basic credentials are read as ISO-8859-1, other character sets as encoded words', () => {
  for (const [what, header, expected] of table) assert.equal(parse(header), expected, what);
});

test('with utf-8 announced, UTF-8 is read, and ISO-8859-1 of clients that know no better', () => {
  assert.equal(parse(basic(utf8), 'utf-8'), 'jürgen|päss');
  assert.equal(parse(basic('jürgen:päss'), 'utf-8'), 'jürgen|päss');
  const mark = Buffer.from('\ufeffa:b', 'utf8').toString('latin1');
  assert.equal(parse(basic(mark), 'utf-8'), '\ufeffa|b', 'a byte order mark is a part of the login');
});

test('no header makes the reader throw, and the password is not printed', () => {
  const random = new SeededRandom(Number(process.env['GATEWAY_BACKUP_SEED'] ?? 42));
  for (let round = 0; round < 2000; round++) {
    const bytes = Buffer.from(Array.from({ length: random.integer(40) }, () => random.integer(256)));
    for (const header of [basic(bytes), `Basic ${bytes.toString('latin1')}`, bytes.toString('latin1')]) {
      for (const charset of ['iso-8859-1', 'utf-8'] as const) parseBasicCredentials(header, charset);
    }
  }
  assert.ok(!JSON.stringify(parseBasicCredentials(basic('admin:canary'), 'iso-8859-1')).includes('canary'));
});
