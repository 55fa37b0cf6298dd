import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isBackupError } from 'gateway-backup';
import { parseArguments } from '#dist/cli/parse-arguments.js';
import { programOptions } from '#dist/cli/program-options.js';
import { switchTable } from '#dist/options/switches.js';

test('a whole command line', () => {
  const { flags, values, program, notes } = parseArguments(
    '-image node1.zip -ia -v -ftp_host h:21 -ftp_user u -ftp_pass x --root /r --level=9 --json -p -halt'.split(
      ' ',
    ),
  );
  assert.deepEqual([...flags], ['includeAudits', 'verbose', 'haltOnFirstFailure']);
  assert.deepEqual(Object.fromEntries(values), {
    image: 'node1.zip',
    'ftp.host': 'h:21',
    'ftp.user': 'u',
    'ftp.password': 'x',
  });
  assert.deepEqual(Object.fromEntries(program), { '--root': '/r', '--level': '9', '--json': '' });
  assert.deepEqual(notes, ['-p is ignored.']);
});

const errors: readonly [string, string[], RegExp][] = [
  ['an unknown switch', ['-images', 'x'], /Unknown switch "-images"/],
  ['a switch in another case', ['-IMAGE', 'x'], /Unknown switch "-IMAGE"/],
  ['an unknown double-dashed option', ['--rooot', 'x'], /Unknown switch "--rooot"/],
  ['a stray value', ['-ia', 'yes'], /"yes" does not belong to any switch/],
  ['a missing value at the end', ['-image'], /-image needs a value: -image FILE/],
  ['a value that starts with a dash', ['-image', '-ia'], /-image needs a value.*may not start with/],
  ['a value for an option that takes none', ['--json=1'], /--json takes no value/],
  ['a lone dash', ['-'], /Unknown switch "-"/],
  ['a name of the object prototype', ['--toString'], /Unknown switch/],
];
for (const [what, argv, message] of errors) {
  test(`${what} is an error that names it`, () => {
    assert.throws(
      () => parseArguments(argv),
      (error) => isBackupError(error) && error.code === 'INVALID_OPTIONS' && message.test(error.message),
    );
  });
}

test('the last repeat wins, and -p swallows one value', () => {
  assert.equal(parseArguments(['-image', 'a', '-image', 'b']).values.get('image'), 'b');
  assert.deepEqual(parseArguments(['-p', 'pass', '-ia']).notes, ['-p is ignored.']);
});

/** The rules of the command line once more, as small as can be, to compare with. */
function reference(argv: readonly string[]): string {
  const takes: Record<string, boolean> = {};
  for (const row of Object.values(switchTable)) takes[row.switch] = row.value !== null;
  for (const [name, row] of Object.entries(programOptions)) takes[name] = row.value !== null;
  const found: Record<string, string> = {};
  for (let i = 0; i < argv.length; i++) {
    let token = argv[i]!;
    if (!token.startsWith('-')) return 'error';
    if (token === '-p') {
      if (argv[i + 1]?.startsWith('-') === false) i++;
      continue;
    }
    let inline: string | undefined;
    if (token.startsWith('--') && token.includes('=')) {
      inline = token.slice(token.indexOf('=') + 1);
      token = token.slice(0, token.indexOf('='));
    }
    const value = Object.hasOwn(takes, token) ? takes[token] : undefined;
    if (value === undefined || (inline !== undefined && !value)) return 'error';
    if (value && inline === undefined) {
      inline = argv[++i];
      if (inline === undefined || inline.startsWith('-')) return 'error';
    }
    found[token] = inline ?? '';
  }
  return JSON.stringify(Object.entries(found).sort());
}

function parsed(argv: readonly string[]): string {
  try {
    const { flags, values, program } = parseArguments(argv);
    const found = new Map<string, string>(program);
    for (const flag of flags) found.set(switchTable[flag].switch, '');
    for (const [option, value] of values) found.set(switchTable[option].switch, value);
    return JSON.stringify([...found].sort());
  } catch (error) {
    assert.ok(isBackupError(error));
    return 'error';
  }
}

test('random command lines are read as the rules say', () => {
  const names = [
    ...Object.values(switchTable).map((row) => row.switch),
    ...Object.keys(programOptions),
    '-p',
  ];
  const token = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...names) },
    { weight: 3, arbitrary: fc.constantFrom('a', 'x.zip', 'h:21', '') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...names.map((name) => `${name}=v`),
        ...names.map((name) => name.toUpperCase()),
      ),
    },
    { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
  );
  const runs = process.env['GATEWAY_BACKUP_SOAK'] === '1' ? 100_000 : 20_000;
  fc.assert(
    fc.property(fc.array(token, { maxLength: 8 }), (argv) => {
      assert.equal(parsed(argv), reference(argv));
    }),
    { numRuns: runs },
  );
});
