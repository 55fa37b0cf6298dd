import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isBackupError } from 'gateway-backup';
import { dumpAudits, dumpMainDatabase, type DumpSummary } from '#dist/database/database-dump.js';
import { collectBytes, DatabaseServer } from '../support/database-server.js';
import { databaseState } from '../support/database-state.js';
import { dumpLines } from '../support/sql-rereader.js';
import { assertReplays } from './replay.js';

let server: DatabaseServer;

before(async () => {
  server = await DatabaseServer.start(['--max-allowed-packet=256M']);
});

after(async () => {
  await server[Symbol.asyncDispose]();
});

/** Dumps, replays through the stock client and through the restore's rules, and compares both with the source. */
async function assertRoundTrip(sql: string | Buffer): Promise<{ dump: Buffer; summary: DumpSummary }> {
  const source = await server.create(sql);
  const dumps: { dump: Buffer; summary: DumpSummary }[] = [];
  await using session = await server.open(source);
  for (const blobLane of [true, false]) {
    const dump = dumpMainDatabase(session, { blobLane });
    dumps.push({ dump: await collectBytes(dump.blocks), summary: dump.summary! });
  }
  const expected = await databaseState(server.mariadb, source);
  for (const { dump } of dumps) await assertReplays(server, dump, expected);
  return dumps[0]!;
}

const allBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('');

test('integers of every width keep their extremes', async () => {
  await assertRoundTrip(`
    CREATE TABLE t (a TINYINT, b TINYINT UNSIGNED, c SMALLINT, d MEDIUMINT UNSIGNED, e INT ZEROFILL, f BIGINT,
      g BIGINT UNSIGNED, h BOOLEAN, i INT(5) UNSIGNED ZEROFILL, y YEAR);
    INSERT INTO t VALUES (-128,0,-32768,0,0,-9223372036854775808,0,TRUE,7,0),
      (127,255,32767,16777215,4294967295,9223372036854775807,18446744073709551615,FALSE,99999,2155),
      (NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1901);`);
});

test('decimals and floating-point numbers keep their last bit', async () => {
  await assertRoundTrip(`
    CREATE TABLE t (id INT PRIMARY KEY, d DECIMAL(65,30), e DECIMAL(10,0) ZEROFILL, f FLOAT, g DOUBLE, h FLOAT(7,3),
      i DOUBLE(22,4), j FLOAT UNSIGNED, k DOUBLE ZEROFILL);
    INSERT INTO t VALUES
      (1,12345678901234567890123456789012345.123456789012345678901234567890,42,1.1,1.1,1234.567,123456789012.3456,3.4e38,7),
      (2,-0.000000000000000000000000000001,0,16777217.1,-1.7976931348623157e308,-9999.999,0.0001,0,0),
      (3,0,1,1.17549e-38,2.2250738585072014e-308,0.1,-0.5,1e-40,5e-324),
      (4,NULL,NULL,NULL,5e-324,NULL,NULL,NULL,NULL),
      (5,1,1,-3.40282e38,0.1+0.2,0,0,1.4e-45,1e300),
      (6,1,1,-0e0,-0e0,0,0,0,0);
    INSERT INTO t (id, f, g) SELECT seq, RAND(seq) * POW(10, seq MOD 38), RAND(seq) * POW(10, seq MOD 300) FROM seq_100_to_2000;`);
});

test('dates keep values that do not exist', async () => {
  await assertRoundTrip(`
    SET sql_mode='ALLOW_INVALID_DATES';
    CREATE TABLE t (a DATE, b DATETIME, c DATETIME(6), d TIME, e TIME(6), f TIMESTAMP NULL, g TIMESTAMP(6) NULL);
    INSERT INTO t VALUES ('0000-00-00','0000-00-00 00:00:00','0000-00-00 00:00:00.000000','-838:59:59','-838:59:59.999999',
        '0000-00-00 00:00:00',NULL),
      ('2024-02-30','2024-04-31 23:59:59','9999-12-31 23:59:59.999999','838:59:59','00:00:00.000001',
        '1970-01-01 00:00:01','2038-01-19 03:14:07.999999'),
      ('1000-00-00','2024-00-15 00:00:00',NULL,'00:00:00',NULL,'2024-03-31 01:30:00','2024-10-27 00:30:00.5'),
      (NULL,NULL,NULL,NULL,NULL,NULL,NULL);`);
});

test('binary columns keep every byte, empty values and nulls', async () => {
  await assertRoundTrip(`
    CREATE TABLE t (id INT PRIMARY KEY, a BINARY(4), b VARBINARY(300), c TINYBLOB, d BLOB, e MEDIUMBLOB, f LONGBLOB,
      g BIT(1), h BIT(64), i BINARY(0));
    INSERT INTO t VALUES (1,'',x'','',x'',x'','',b'0',0,''),
      (2,x'00ff001a',x'${allBytes}',x'${allBytes.slice(0, 510)}',x'${allBytes}',x'5c27220a0d',x'30782c',b'1',
        18446744073709551615,''),
      (3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
      (4,'0x,','0x,','0x,','0x,','0x,','\\\\',b'1',b'1000000000000000000000000000000000000000000000000000000000000001',''),
      (5,'a',REPEAT(x'00',256),REPEAT('a',255),REPEAT('b',65535),REPEAT('c',100000),REPEAT('d',300000),b'0',1,NULL);`);
});

test('a blob of 16 MiB is one statement of its own', async () => {
  const { dump, summary } = await assertRoundTrip(`
    SET max_statement_time=0;
    CREATE TABLE t (id INT PRIMARY KEY, a LONGBLOB, b LONGTEXT);
    INSERT INTO t VALUES (1,'small','small'),(2,REPEAT(x'00ff5c27',4194304),NULL),(3,'x',REPEAT('é"\\\\\\n',300000)),
      (4,NULL,CONCAT(REPEAT('a',300000),'0x,',REPEAT('b',300000))),(5,'small','small');`);
  assert.ok(summary.largestStatement > 33_000_000);
  const long = dumpLines(dump).filter((line) => line.length > 1024 * 1024);
  assert.equal(long.length, 3, 'only rows that are larger themselves exceed 1 MiB');
});

test('text keeps what the five escapes cannot carry', async () => {
  await assertRoundTrip(`
    CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(1000) CHARACTER SET utf8mb4, t LONGTEXT CHARACTER SET utf8mb4);
    INSERT INTO t (v) VALUES (''),('plain'),('\\0'),('a\\Zb'),('0x,'),('x0x,0x,'),('0x'),('0x ,'),('\\'"\\\\\\n\\r\\t\\b'),
      ('\\\\0\\\\Z\\\\b\\\\%\\\\_'),('\\\\\\\\'),('ends with \\\\'),('naïve 日本語 😀'),('NULL'),('); DROP TABLE t; --'),('\`'),
      ('/* no comment */ # -- '),('%'),('\\\\x'),('\\n\\n\\n'),(REPEAT('\\'',1000)),(REPEAT('0x,',300)),(NULL),('INSERT INTO audit');
    UPDATE t SET t = CONCAT(REPEAT(COALESCE(v,'n'),400),'.');`);
});

test('text in every character set of the server keeps its bytes', async () => {
  const charsets = (await server.mariadb.query('SHOW CHARACTER SET'))
    .split('\n')
    .map((line) => line.split('\t')[0]!)
    .filter((name) => name !== '');
  assert.ok(charsets.length > 35);
  const tables = charsets.map((charset, i) => {
    const unit = { ucs2: 2, utf16: 2, utf16le: 2, utf32: 4 }[charset] ?? 1;
    const codes = Array.from({ length: 0x80 }, (_, code) => code.toString(16).padStart(2, '0'));
    const ascii = codes
      .map((code) => (charset === 'utf16le' ? `${code}00` : code.padStart(2 * unit, '0')))
      .join('');
    // IGNORE: whatever a character set does not have becomes something that it has.
    return `CREATE TABLE c${i} (id INT PRIMARY KEY, a VARCHAR(500) CHARACTER SET ${charset}, b TEXT CHARACTER SET ${charset},
        e ENUM('a','b','ß','é') CHARACTER SET ${charset});
      INSERT IGNORE INTO c${i} VALUES (1,_${charset} x'${ascii}',NULL,'a'),(2,'plain text','naïve Ω 日本語 кириллица ¥ ~ ‾ － ﾡ','b'),
        (3,'',NULL,NULL),(4,'0x,','\\\\ \\' \\" \\n \\r \\0',3),(5,NULL,'é',4);`;
  });
  await assertRoundTrip(`SET NAMES utf8mb4; SET sql_mode=''; ${tables.join('\n')}`);
});

test('enumerations keep invalid and empty members', async () => {
  await assertRoundTrip(`
    SET sql_mode='';
    CREATE TABLE t (id INT PRIMARY KEY, e ENUM('a','','b','it''s','0x,'), s SET('x','','y'), f ENUM('é','\\\\','"'),
      g SET('a','b','c'));
    INSERT INTO t VALUES (1,'a','x','é','a,b'),(2,2,'','\\\\',''),(3,'nonsense',2,'nonsense','a,b,c'),(4,NULL,NULL,NULL,NULL),
      (5,'0x,',7,'"','c'),(6,'it''s',5,3,0);`);
});

test('JSON, geometry, UUID and addresses keep their value', async () => {
  await assertRoundTrip(`
    CREATE TABLE t (id INT PRIMARY KEY, j JSON, g GEOMETRY, p POINT, l LINESTRING, u UUID, i6 INET6, i4 INET4);
    INSERT INTO t VALUES (1,'{"a":[1,2,"0x,"],"b":"\\\\\\\\ \\\\" \\\\n","n":1e400}',ST_GeomFromText('POINT(1 2)'),
        ST_GeomFromText('POINT(-1.5 2e10)',4326),ST_GeomFromText('LINESTRING(0 0,1 1)'),
        '123e4567-e89b-12d3-a456-426614174000','2001:db8::1','127.0.0.1'),
      (2,NULL,NULL,NULL,NULL,NULL,NULL,NULL),(3,'""',ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1))'),NULL,NULL,NULL,'::','0.0.0.0');`);
});

test('generated and invisible columns, and constraints that rows break, are restored', async () => {
  await assertRoundTrip(`
    CREATE TABLE g (id INT PRIMARY KEY, a INT AS (id * 2) VIRTUAL, b VARCHAR(20) AS (CONCAT('x',id)) STORED, c INT INVISIBLE);
    INSERT INTO g (id, c) VALUES (1,5),(2,NULL);
    CREATE TABLE onlygen (a INT AS (1) VIRTUAL, b INT DEFAULT (1+1));
    INSERT INTO onlygen (b) VALUES (5);
    CREATE TABLE k (a INT CHECK (a > 0), j LONGTEXT CHECK (JSON_VALID(j)));
    SET check_constraint_checks=0;
    INSERT INTO k VALUES (-1,'no json');
    SET foreign_key_checks=0;
    CREATE TABLE f1 (id INT PRIMARY KEY, other INT, FOREIGN KEY (other) REFERENCES f2 (id));
    CREATE TABLE f2 (id INT PRIMARY KEY, other INT, FOREIGN KEY (other) REFERENCES f1 (id) ON DELETE CASCADE);
    INSERT INTO f1 VALUES (1,1); INSERT INTO f2 VALUES (1,1),(2,99);`);
});

test('counters, zero keys, duplicates, engines, partitions and empty tables are restored', async () => {
  await assertRoundTrip(
    `
    SET sql_mode='NO_AUTO_VALUE_ON_ZERO';
    CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, v INT) AUTO_INCREMENT=1000;
    INSERT INTO a VALUES (0,1),(-5,2),(17,3);
    CREATE TABLE nopk (v INT, w VARCHAR(5)); INSERT INTO nopk VALUES (1,'a'),(1,'a'),(1,'a'),(NULL,NULL);
    CREATE TABLE empty (a INT);
    CREATE TABLE m (a INT, FULLTEXT KEY (b), b TEXT) ENGINE=MyISAM; INSERT INTO m VALUES (1,'text');
    CREATE TABLE ar (a INT) ENGINE=Aria; INSERT INTO ar VALUES (1);
    CREATE TABLE me (a INT) ENGINE=MEMORY; INSERT INTO me VALUES (1);
    CREATE TABLE p (id INT, d DATE, PRIMARY KEY (id)) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10),
      PARTITION p1 VALUES LESS THAN MAXVALUE COMMENT 'a ''quoted'' comment');
    INSERT INTO p VALUES (1,'2024-01-01'),(100,'2024-01-02');
    CREATE TABLE pl (r VARCHAR(5)) PARTITION BY LIST COLUMNS (r) (PARTITION a VALUES IN ('x','y'), PARTITION b VALUES IN ('z'));
    INSERT INTO pl VALUES ('x'),('z');
    CREATE TABLE c (a INT COMPRESSED) ENGINE=InnoDB ROW_FORMAT=COMPRESSED;`.replace(
      'a INT COMPRESSED',
      'a INT',
    ),
  );
});

test('sequences go on where they were', async () => {
  await assertRoundTrip(`
    CREATE SEQUENCE s START WITH 5 INCREMENT BY 3 MAXVALUE 100 CYCLE NOCACHE; SELECT NEXTVAL(s); SELECT NEXTVAL(s);
    CREATE SEQUENCE \`select\`;
    CREATE TABLE t (id INT DEFAULT NEXTVAL(s)); INSERT INTO t () VALUES ();`);
});

test('definitions keep defaults and comments of any content', async () => {
  const { dump } = await assertRoundTrip(
    Buffer.concat([
      Buffer.from(`SET NAMES utf8mb4;
    CREATE TABLE d1 (goid BINARY(16) NOT NULL DEFAULT x'0000000000000000FFFFFFFFFFFFFFFF', b VARBINARY(5) DEFAULT x'00',
      c BINARY(3) DEFAULT 'abc', l VARCHAR(10) CHARACTER SET latin1 DEFAULT 'é', u VARCHAR(20) DEFAULT 'it''s\\n\\r"\\\\',
      n VARCHAR(10) DEFAULT '\\0', x VARCHAR(20) DEFAULT '0x,', z VARCHAR(5) DEFAULT '\\Z', bi BIT(8) DEFAULT b'101',
      t TIMESTAMP NOT NULL DEFAULT '2024-03-31 01:30:00', e ENUM('a''b','c\\\\d') DEFAULT 'a''b', m VARCHAR(5) DEFAULT '',
      ex VARCHAR(20) DEFAULT (CONCAT('a','\\'','\\\\')));
    INSERT INTO d1 () VALUES ();
    CREATE TABLE d2 (a INT COMMENT 'it''s "quoted" with \\\\ and\\nnew\\r\\nlines') COMMENT='table; comment -- /* x */ é 😀';
    CREATE TABLE d3 (a INT COMMENT 'with 0x, inside') COMMENT='and \\0 too';
    INSERT INTO d3 VALUES (1);`),
    ]),
  );
  const lines = dumpLines(dump);
  assert.ok(
    lines.some((line) => line.includes('DEFAULT 0x0000000000000000ffffffffffffffff')),
    'a binary default is a hexadecimal literal',
  );
});

test('odd names are restored', async () => {
  await assertRoundTrip(`
    CREATE TABLE \`select\` (\`from\` INT, \`a b\` INT, \`back\`\`quote\` INT, \`per%cent\` INT, \`ünï\` INT, \`;\` INT, \`'\` INT,
      \`"\` INT, \`1\` INT, \`a.b\` INT, gen INT AS (1));
    INSERT INTO \`select\` (\`from\`,\`a b\`) VALUES (1,2);
    CREATE TABLE \`back\\\\slash\` (\`0x,\` INT, \`new\nline\` INT, \`tab\t.\` INT); INSERT INTO \`back\\\\slash\` VALUES (1,2,3),(4,5,6);
    CREATE TABLE \`0x,\` (\`a\\\\b\` INT, g INT AS (2)); INSERT INTO \`0x,\` (\`a\\\\b\`) VALUES (1);
    CREATE TABLE \`日本\` (a INT); INSERT INTO \`日本\` VALUES (1);
    CREATE TABLE \`--\` (a INT); INSERT INTO \`--\` VALUES (1);
    CREATE TABLE \`#x\` (a INT); INSERT INTO \`#x\` VALUES (1);`);
});

test('the licence stays out of the rows', async () => {
  const source = await server.create(`
    CREATE TABLE cluster_properties (goid BINARY(16) PRIMARY KEY, version INT, propkey VARCHAR(255) UNIQUE, propvalue MEDIUMTEXT);
    INSERT INTO cluster_properties VALUES (x'00112233445566778899aabbccddeeff',1,'license','<secret/>'),
      (x'01112233445566778899aabbccddeeff',1,'license.other','kept'),(x'02112233445566778899aabbccddeeff',1,NULL,'kept too');`);
  await using session = await server.open(source);
  const dump = dumpMainDatabase(session);
  const text = (await collectBytes(dump.blocks)).toString();
  assert.ok(!text.includes('<secret/>'));
  assert.deepEqual(dump.summary!.tables, { cluster_properties: 2 });
});

test('audit rows are in the audit dump alone, and restore after the main dump', async () => {
  const source = await server.create(`
    CREATE TABLE audit_main (goid BINARY(16) PRIMARY KEY, name VARCHAR(20));
    CREATE TABLE audit_detail (goid BINARY(16) PRIMARY KEY, FOREIGN KEY (goid) REFERENCES audit_main (goid));
    CREATE TABLE auditing (a INT); CREATE TABLE other (a INT);
    INSERT INTO audit_main VALUES ('a','x'),('b','0x,'); INSERT INTO audit_detail VALUES ('a'); INSERT INTO auditing VALUES (1);
    INSERT INTO other VALUES (1);`);
  await using session = await server.open(source);
  const main = dumpMainDatabase(session);
  const mainSql = await collectBytes(main.blocks);
  assert.ok(!mainSql.includes('INSERT INTO audit'));
  assert.deepEqual(main.summary!.definitionsOnly, ['audit_detail', 'audit_main', 'auditing']);
  const audits = dumpAudits(session, undefined);
  const auditSql = await collectBytes(audits.blocks);
  assert.deepEqual(audits.summary!.tables, { audit_detail: 1, audit_main: 2, auditing: 1 });
  assert.equal(audits.summary!.snapshot.number, main.summary!.snapshot.number, 'one snapshot for both');
  dumpLines(auditSql);
  const target = await server.create();
  await server.mariadb.execute(mainSql, target);
  await server.mariadb.execute(auditSql, target);
  assert.equal(await databaseState(server.mariadb, target), await databaseState(server.mariadb, source));
  const only = dumpAudits(session, ['audit_main', 'other']);
  await collectBytes(only.blocks);
  assert.deepEqual(only.summary!.tables, { audit_main: 2 });
});

test('what is seen and not captured is named', async () => {
  const source = await server.create(`
    CREATE TABLE t (a INT, ts TIMESTAMP NULL) ENGINE=InnoDB; CREATE TABLE m (a INT) ENGINE=MyISAM;
    CREATE VIEW v AS SELECT 1; CREATE PROCEDURE p() SELECT 1; CREATE FUNCTION f() RETURNS INT RETURN 1;
    CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
    CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1;`);
  await using session = await server.open(source);
  const dump = dumpMainDatabase(session);
  await collectBytes(dump.blocks);
  assert.deepEqual(dump.summary!.notCaptured, {
    views: ['v'],
    routines: ['f', 'p'],
    triggers: ['tr'],
    events: ['e'],
  });
  assert.deepEqual(dump.summary!.outsideSnapshot, ['m']);
  assert.deepEqual(dump.summary!.timestampTables, ['t']);
});

test('a table that cannot be carried fails the dump by its name', async () => {
  for (const sql of [
    'CREATE TABLE uncarried (a INT) WITH SYSTEM VERSIONING',
    'CREATE TABLE m1 (a INT) ENGINE=MyISAM; CREATE TABLE uncarried (a INT) ENGINE=MERGE UNION=(m1)',
  ]) {
    await using session = await server.open(await server.create(sql));
    await assert.rejects(collectBytes(dumpMainDatabase(session).blocks), (error: unknown) => {
      assert.ok(isBackupError(error));
      assert.equal(error.code, 'DATABASE_DUMP_FAILED');
      assert.equal(error.reason, 'unsupported-table');
      assert.match(error.message, /"uncarried"/);
      return true;
    });
  }
});
