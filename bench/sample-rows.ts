import { seededRandom } from '../test/support/seeded-random.js';

/**
 * SQL that makes a Gateway's database of about a given size, as SQL text. Two thirds are XML and text, one third are
 * hexadecimal digits of compressed messages. The same size gives the same text; only the compressed messages differ, since
 * the server draws them.
 */
export function* sampleRows(
  sqlBytes: number,
  kind: 'mixed' | 'compressed-messages' | 'main-only',
): Generator<string> {
  yield "SET NAMES utf8mb4; SET sql_mode=''; SET unique_checks=0; SET foreign_key_checks=0; SET max_statement_time=0;\n";
  const smallBytes = kind === 'main-only' ? sqlBytes : Math.min(60e6, sqlBytes / 20);
  yield* templates();
  yield* smallTables(smallBytes);
  yield* auditTables(kind === 'main-only' ? 0 : sqlBytes - smallBytes, kind === 'compressed-messages');
  yield 'DROP TABLE bench_template;\n';
}

const TEMPLATES = 400;

/** Documents with places to fill in, from which the server makes many. */
function* templates(): Generator<string> {
  yield 'CREATE TABLE bench_template (id INT PRIMARY KEY, xml MEDIUMTEXT) CHARACTER SET utf8;\n';
  const random = seededRandom(20261124);
  for (let id = 0; id < TEMPLATES; id += 1) {
    yield `INSERT INTO bench_template VALUES (${id}, '${policyXml(random).replaceAll("'", "\\'")}');\n`;
  }
}

function* smallTables(bytes: number): Generator<string> {
  const tables = 90;
  const rows = Math.max(1, Math.round(bytes / tables / 4000));
  for (let i = 0; i < tables; i += 1) {
    yield `CREATE TABLE part_${i} (goid BINARY(16) NOT NULL PRIMARY KEY, version INT, name VARCHAR(255), guid VARCHAR(36),
      enabled TINYINT(1), created BIGINT, ratio DOUBLE, xml MEDIUMTEXT, KEY (name)) ENGINE=InnoDB CHARACTER SET utf8;
      INSERT INTO part_${i} SELECT UNHEX(MD5(seq)), seq MOD 7, CONCAT('Entity "', seq, '"'), UUID(), seq MOD 2, 1700000000000 + seq * 977,
        seq / 7, REPLACE(REPLACE(xml, '{a}', MD5(seq * ${i + 1})), '{b}', seq)
      FROM seq_1_to_${rows} JOIN bench_template ON id = (seq * 31 + ${i}) MOD ${TEMPLATES};\n`;
  }
}

function* auditTables(bytes: number, onlyMessages: boolean): Generator<string> {
  yield `
    CREATE TABLE audit_main (goid BINARY(16) NOT NULL PRIMARY KEY, nodeid VARCHAR(32), time BIGINT, audit_level VARCHAR(12),
      name VARCHAR(255), message VARCHAR(255), ip_address VARCHAR(39), user_name VARCHAR(255), user_id VARCHAR(255),
      provider_goid BINARY(16), signature VARCHAR(1024), KEY (time)) ENGINE=InnoDB CHARACTER SET utf8;
    CREATE TABLE audit_detail (goid BINARY(16) NOT NULL PRIMARY KEY, audit_goid BINARY(16), time BIGINT, component_id INT, ordinal INT,
      message_id INT, exception_message MEDIUMTEXT) ENGINE=InnoDB CHARACTER SET utf8;
    CREATE TABLE audit_message (goid BINARY(16) NOT NULL PRIMARY KEY, status INT, request_id VARCHAR(40), service_goid BINARY(16),
      operation_name VARCHAR(255), authenticated TINYINT(1), authenticationType INT, request_length INT, response_length INT,
      request_xml MEDIUMTEXT, request_zipxml MEDIUMBLOB, response_zipxml MEDIUMBLOB, response_status INT, routing_latency INT)
      ENGINE=InnoDB CHARACTER SET utf8;\n`;
  const rowBytes = onlyMessages ? 300 + 2 * 2600 : 600 + 3700 + 500 + 2 * 900 + 200;
  const rows = Math.round(bytes / rowBytes);
  if (rows === 0) return;
  const chunk = 20_000;
  for (let first = 1; first <= rows; first += chunk) {
    const sequence = `seq_${first}_to_${Math.min(rows, first + chunk - 1)}`;
    if (!onlyMessages) {
      yield `INSERT INTO audit_main SELECT UNHEX(MD5(seq)), MD5(seq MOD 3), 1700000000000 + seq * 41, ELT(1 + seq MOD 3, 'INFO', 'WARNING', 'SEVERE'),
          CONCAT('Service ', seq MOD 50), CONCAT('Message processed successfully in ', seq MOD 997, ' ms'), CONCAT('10.1.', seq MOD 250, '.', seq MOD 199),
          CONCAT('user', seq MOD 1000), MD5(seq MOD 1000), UNHEX(MD5(7)), NULL FROM ${sequence};
        INSERT INTO audit_detail SELECT UNHEX(MD5(seq + 0.5)), UNHEX(MD5(seq)), 1700000000000 + seq * 41, 3, 1, 4714 + seq MOD 20,
          CONCAT('Policy assertion failed: com.example.server.policy.assertion.ServerAssertion$', seq MOD 30, ' at line ', seq MOD 400)
          FROM ${sequence};\n`;
    }
    const text = onlyMessages
      ? 'NULL'
      : `CONCAT('<?xml version="1.0" encoding="UTF-8"?>\\n', REPLACE(REPLACE(xml, '{a}', MD5(seq)), '{b}', seq))`;
    const blob = (bytesEach: number): string =>
      `RANDOM_BYTES(${Math.round(bytesEach / 2)} + seq MOD ${bytesEach})`;
    yield `INSERT INTO audit_message SELECT UNHEX(MD5(seq)), seq MOD 5, CONCAT(MD5(seq), '-', seq), UNHEX(MD5(seq MOD 50)), 'placeOrder', 1, 2,
        seq MOD 5000, seq MOD 7000, ${text}, ${onlyMessages ? blob(1000) : blob(600)}, ${onlyMessages ? `CONCAT(${blob(1000)}, RANDOM_BYTES(600))` : blob(300)}, 200, seq MOD 900
      FROM ${sequence}${onlyMessages ? '' : ` JOIN bench_template ON id = seq MOD ${TEMPLATES}`};\n`;
  }
}

const elements = [
  'All',
  'OneOrMore',
  'HttpRouting',
  'SetVariable',
  'AuditDetail',
  'Regex',
  'RequestXpath',
  'FaultLevel',
  'Comment',
  'Encapsulated',
];
const words = [
  'order',
  'customer',
  'invoice',
  'amount',
  'currency',
  'status',
  'request',
  'response',
  'gateway',
  'policy',
  'timeout',
  'retry',
  'header',
  'token',
];

/** A policy of 1 to 5 kB. */
function policyXml(random: () => number): string {
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)]!;
  let xml =
    '<wsp:Policy xmlns:L7p="http://www.layer7tech.com/ws/policy" xmlns:wsp="http://schemas.xmlsoap.org/ws/2002/12/policy">\\n';
  const lines = 8 + Math.floor(random() * 40);
  for (let i = 0; i < lines; i += 1) {
    const element = pick(elements);
    const value = `${pick(words)}.${pick(words)}.${Math.floor(random() * 1e6)}`;
    xml += `    <L7p:${element}Assertion>\\n        <L7p:${pick(words)} stringValue="${value}"/>\\n    </L7p:${element}Assertion>\\n`;
    if (i % 9 === 4) xml += '    <L7p:id stringValue="{a}"/><L7p:n intValue="{b}"/>\\n';
  }
  return `${xml}</wsp:Policy>`;
}
