import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { dumpMainDatabase } from '#dist/database/database-dump.js';
import { collectBytes, DatabaseServer } from '../support/database-server.js';
import { databaseState } from '../support/database-state.js';
import { rounds, testSeed } from '../support/soak.js';
import { assertReplays } from './replay.js';

const ROWS_A_TABLE = 125;
const TABLES = 4;

let server: DatabaseServer;

before(async () => {
  // In a run of an hour the machine may well be busy with something else for ten seconds, the server's usual limit.
  const patient = '--connect-timeout=600';
  server = await DatabaseServer.start([
    '--max-allowed-packet=64M',
    '--innodb-flush-log-at-trx-commit=0',
    patient,
  ]);
});

after(async () => {
  await server[Symbol.asyncDispose]();
});

/** A column's type, and how a random value of it is written for the server, which may well change it on the way in. */
interface RandomColumn {
  readonly type: string;
  readonly value: fc.Arbitrary<string>;
}

const hex = (bytes: Uint8Array): string => `x'${Buffer.from(bytes).toString('hex')}'`;
const bytes = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.uint8Array({ maxLength }),
      fc.constantFrom(Buffer.from('0x,'), Buffer.from('\\0'), Buffer.alloc(3)),
    )
    .map(hex);

/** Text full of what matters: quotes, backslashes, what a restore looks for, control characters, all planes. */
const text = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '\\',
          "'",
          '"',
          '\n',
          '\r',
          '\0',
          '\u001a',
          '0x,',
          '0x',
          ',',
          '`',
          '%',
          '_',
          ';',
          '--',
          '\t',
          '\b',
          'NULL',
          '@v1',
        ),
        fc.string({ unit: 'grapheme', maxLength: 6 }),
        fc.string({ unit: 'binary', maxLength: 3 }),
        fc.string({ maxLength: 12 }),
      ),
      { maxLength: Math.ceil(maxLength / 4) },
    )
    .map((parts) => `_utf8mb4 ${hex(Buffer.from(parts.join('').slice(0, maxLength)))}`);

const number = (pattern: RegExp): fc.Arbitrary<string> => fc.stringMatching(pattern);
const moment = fc
  .tuple(
    fc.integer({ min: 0, max: 9999 }),
    fc.integer({ min: 0, max: 12 }),
    fc.integer({ min: 0, max: 31 }),
    fc.integer({ min: 0, max: 86_399 }),
    fc.integer({ min: 0, max: 999_999 }),
  )
  .map(([year, month, day, seconds, micro]) => {
    const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
    const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) =>
      pad(part),
    );
    return `'${pad(year, 4)}-${pad(month)}-${pad(day)} ${time.join(':')}.${pad(micro, 6)}'`;
  });

const column: fc.Arbitrary<RandomColumn> = fc.oneof(
  fc
    .constantFrom(
      'TINYINT',
      'SMALLINT UNSIGNED',
      'MEDIUMINT',
      'INT ZEROFILL',
      'BIGINT',
      'BIGINT UNSIGNED',
      'BOOLEAN',
      'YEAR',
    )
    .map((type) => ({ type, value: number(/^-?[0-9]{1,20}$/) })),
  fc
    .constantFrom(
      'DECIMAL(65,30)',
      'DECIMAL(20,0) ZEROFILL',
      'FLOAT',
      'DOUBLE',
      'FLOAT(9,4)',
      'DOUBLE(20,6)',
      'DOUBLE UNSIGNED',
    )
    .map((type) => ({ type, value: number(/^-?[0-9]{1,20}(\.[0-9]{1,20})?(e-?[0-9]{1,2})?$/) })),
  fc
    .constantFrom('DATE', 'DATETIME', 'DATETIME(6)', 'TIMESTAMP(3) NULL', 'TIMESTAMP NULL')
    .map((type) => ({ type, value: moment })),
  fc
    .constantFrom('TIME', 'TIME(6)')
    .map((type) => ({ type, value: number(/^-?[0-9]{1,7}(\.[0-9]{1,6})?$/) })),
  fc
    .constantFrom('BINARY(20)', 'VARBINARY(600)', 'BLOB', 'LONGBLOB', 'BIT(37)')
    .map((type) => ({ type, value: bytes(500) })),
  fc
    .tuple(
      fc.constantFrom('CHAR(60)', 'VARCHAR(200)', 'TEXT', 'LONGTEXT'),
      fc.constantFrom(
        'utf8mb4',
        'utf8mb3',
        'latin1',
        'ascii',
        'cp932',
        'ucs2',
        'utf16le',
        'gbk',
        'koi8r',
        'swe7',
        'binary',
      ),
    )
    .map(([type, charset]) => ({ type: `${type} CHARACTER SET ${charset}`, value: text(400) })),
  fc
    .constantFrom(
      "ENUM('a','b','c')",
      "ENUM('','x''y','0x,','\\\\\\\\')",
      "SET('a','b','','d')",
      "ENUM('é','E') CHARACTER SET latin1",
    )
    .map((type) => ({ type, value: fc.integer({ min: 0, max: 9 }).map(String) })),
  fc.constant({ type: 'JSON', value: fc.json().map((json) => `_utf8mb4 ${hex(Buffer.from(json))}`) }),
  fc.constant({
    type: 'POINT',
    value: fc
      .tuple(fc.double({ noNaN: true, min: -1e10, max: 1e10 }), fc.integer())
      .map(([x, y]) => `POINT(${x},${y})`),
  }),
);

const name = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/),
  fc.constantFrom(
    'select',
    'order',
    'a`b',
    'per%cent',
    'a b',
    'ünïcödé',
    '日本',
    "it's",
    '"',
    '0x,',
    'back\\slash',
    'semi;colon',
    '#',
    '--x',
    '@v1',
  ),
);

const table = fc.record({
  columns: fc.uniqueArray(fc.tuple(name, column), {
    minLength: 1,
    maxLength: 8,
    selector: ([title]) => title.toLowerCase(),
  }),
  generated: fc.boolean(),
  invisible: fc.boolean(),
  engine: fc.constantFrom('InnoDB', 'InnoDB', 'MyISAM'),
});

const schema = fc.uniqueArray(fc.tuple(name, table), {
  minLength: TABLES,
  maxLength: TABLES,
  selector: ([title]) => title.toLowerCase(),
});

const quote = (title: string): string => `\`${title.replaceAll('`', '``')}\``;

test('random rows of random schemas come back the same', { timeout: 3_600_000 }, async () => {
  let rows = 0;
  await fc.assert(
    fc.asyncProperty(schema, fc.boolean(), async (tables, blobLane) => {
      const database = await server.create();
      for (const [title, { columns, generated, invisible, engine }] of tables) {
        const definitions = columns.map(
          ([column, { type }], i) =>
            `${quote(column)} ${type}${invisible && i > 0 && i % 2 === 0 ? ' INVISIBLE' : ''}`,
        );
        if (generated) definitions.push('`computed column` INT AS (1 + 1) VIRTUAL');
        await server.mariadb.execute(
          `SET sql_mode=''; CREATE TABLE ${quote(title)} (${definitions.join(', ')}) ENGINE=${engine}`,
          database,
        );
        const list = columns.map(([column]) => quote(column)).join(',');
        const values = fc.sample(
          fc.tuple(...columns.map(([, { value }]) => fc.option(value, { freq: 8, nil: 'NULL' }))),
          { numRuns: ROWS_A_TABLE, seed: rows },
        );
        const inserts = values.map(
          (row) => `INSERT IGNORE INTO ${quote(title)} (${list}) VALUES (${row.join(',')});`,
        );
        await server.mariadb.execute(
          `SET NAMES utf8mb4, sql_mode='ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', check_constraint_checks=0;\n${inserts.join('\n')}`,
          database,
        );
        rows += values.length;
      }
      await using session = await server.open(database);
      const dump = await collectBytes(dumpMainDatabase(session, { blobLane }).blocks);
      const expected = await databaseState(server.mariadb, database);
      const copies = await assertReplays(server, dump, expected);
      await server.mariadb.execute([database, ...copies].map((used) => `DROP DATABASE ${used};`).join(''));
    }),
    { numRuns: rounds(10, 200), seed: testSeed('random schemas'), endOnFailure: true },
  );
  console.log(`${rows} rows, no difference`);
  assert.ok(rows >= rounds(5000, 100_000));
});
