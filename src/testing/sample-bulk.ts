import { sampleTime } from './sample-audits.js';
import { sampleNodes } from './sample-identities.js';
import { assertionXml, policyHead, policyTail } from './sample-policies.js';
import { SeededRandom } from './seeded-random.js';

/**
 * How much data beyond the usual the sample database gets, for load tests and measurements. Megabytes are millions of
 * bytes of the dump's SQL text, within a few per cent.
 *
 * @public
 */
export interface SampleBulkOptions {
  /** Of the main database: versions of policies, values of a key-value store. Default: 0. */
  readonly mainMegabytes?: number | undefined;
  /** Of the audit tables: details with long text, compressed messages. Default: 0. */
  readonly auditMegabytes?: number | undefined;
  /** Share of the bulk that is binary and cannot be compressed, as hexadecimal digits. Default: 1/3. */
  readonly compressedShare?: number | undefined;
}

/**
 * Bulk that the server makes itself out of a pool of pieces, which is many times faster than sending it: text of whole
 * XML elements, and random bytes. The pool is so large that no compressor in use finds a piece a second time.
 */
export function* sampleBulk(
  options: SampleBulkOptions & { readonly seed?: number | undefined },
): Generator<string> {
  const main = (options.mainMegabytes ?? 0) * 1e6;
  const audits = (options.auditMegabytes ?? 0) * 1e6;
  if (main + audits === 0) return;
  const share = Math.min(1, Math.max(0, options.compressedShare ?? 1 / 3));
  yield* piecesTables(new SeededRandom((options.seed ?? 1) + 1));
  yield* mainBulk(main * (1 - share), main * share);
  yield* auditBulk(audits * (1 - share), audits * share);
  yield 'DROP TABLE sample_text_pieces, sample_byte_pieces;\n';
}

const pieces = 4096;
const pieceBytes = 512;
const policyPieces = 16;
const valuePieces = 32;
const messagePieces = 5;
const detailPieces = 8;

function* piecesTables(random: SeededRandom): Generator<string> {
  yield 'CREATE TABLE sample_text_pieces (id INT PRIMARY KEY, piece TEXT NOT NULL) CHARSET=utf8;\n';
  yield 'CREATE TABLE sample_byte_pieces (id INT PRIMARY KEY, piece BLOB NOT NULL);\n';
  for (let id = 0; id < pieces; id += 1) {
    let text = '';
    while (text.length < pieceBytes) text += `        ${assertionXml(random)}\n`;
    const literal = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
    yield `INSERT INTO sample_text_pieces VALUES (${id}, '${literal}');\n`;
    yield `INSERT INTO sample_byte_pieces VALUES (${id}, 0x${random.bytes(pieceBytes).toString('hex')});\n`;
  }
}

function* mainBulk(textBytes: number, hexBytes: number): Generator<string> {
  const policyRow = policyPieces * meanPieceBytes + 400;
  yield* batches(Math.round(textBytes / policyRow), (from, to) => {
    const { text, joins } = concatenated('sample_text_pieces', policyPieces, 'policy');
    return `INSERT INTO policy_version (goid, version, policy_goid, ordinal, time, user_login, active, xml)
      SELECT ${bulkGoid('policy_version')}, 0, p.goid, 1000 + s.seq, ${sampleTime} + s.seq, 'admin', 0, CONCAT(${head}, ${text}, ${tail})
      FROM seq_${from}_to_${to} s JOIN (SELECT goid, ROW_NUMBER() OVER (ORDER BY goid) AS n FROM policy) p ON p.n = 1 + s.seq % 40 ${joins}`;
  });
  yield* batches(Math.round(hexBytes / (valuePieces * pieceBytes * 2)), (from, to) => {
    const { text, joins } = concatenated('sample_byte_pieces', valuePieces, 'value');
    return `INSERT INTO custom_key_value_store (goid, version, name, value)
      SELECT ${bulkGoid('custom_key_value_store')}, 0, CONCAT('bulk.', s.seq), CONCAT(${text}) FROM seq_${from}_to_${to} s ${joins}`;
  });
}

/** A message has two compressed blobs; text, as far as there is any, stands in the details of the same record. */
function* auditBulk(textBytes: number, hexBytes: number): Generator<string> {
  const hexRow = 2 * messagePieces * pieceBytes * 2;
  const detailRow = detailPieces * meanPieceBytes + 320;
  const records = hexBytes > 0 ? Math.round(hexBytes / hexRow) : Math.round(textBytes / (detailRow + 500));
  const details = Math.max(0, Math.round((textBytes - records * 500) / detailRow));
  yield* batches(records, (from, to) => {
    const request = concatenated('sample_byte_pieces', messagePieces, 'request');
    const response = concatenated('sample_byte_pieces', messagePieces, 'response');
    const messages =
      hexBytes === 0
        ? { fields: 'NULL, NULL', joins: '' }
        : {
            fields: `CONCAT(${request.text}), CONCAT(${response.text})`,
            joins: `${request.joins} ${response.joins}`,
          };
    return `INSERT INTO audit_main (goid, nodeid, time, audit_level, name, message, ip_address, user_name, user_id, provider_goid)
      SELECT ${bulkGoid('audit_main')}, ELT(1 + s.seq % 3, ${nodeIds}), ${sampleTime} + s.seq * 37, 'WARNING', 'Orders', CONCAT('Message ', s.seq, ' was not processed: authorization failed (402)'), CONCAT('10.', s.seq % 250, '.', s.seq % 199, '.7'), CONCAT('user', s.seq % 977), HEX(s.seq), UNHEX('0000000000000000fffffffffffffffe')
      FROM seq_${from}_to_${to} s;
      INSERT INTO audit_message (goid, status, request_id, service_goid, operation_name, authenticated, authenticationType, request_length, response_length, response_status, routing_latency, request_zipxml, response_zipxml)
      SELECT ${bulkGoid('audit_main')}, 402, CONCAT(LOWER(HEX(s.seq * 7919)), '-', s.seq), UNHEX(MD5(s.seq % 30)), 'placeOrder', 1, 0, 8000 + s.seq % 4000, 4000, 500, s.seq % 800, ${messages.fields}
      FROM seq_${from}_to_${to} s ${messages.joins}`;
  });
  yield* batches(details, (from, to) => {
    const { text, joins } = concatenated('sample_text_pieces', detailPieces, 'detail');
    return `INSERT INTO audit_detail (goid, audit_goid, time, component_id, ordinal, message_id, exception_message)
      SELECT ${bulkGoid('audit_detail')}, ${bulkGoid('audit_main', `s.seq % ${Math.max(1, records)}`)}, ${sampleTime} + s.seq * 37, 0, s.seq DIV ${Math.max(1, records)}, 4104, NULL FROM seq_${from}_to_${to} s;
      INSERT INTO audit_detail_params (audit_detail_goid, position, value)
      SELECT ${bulkGoid('audit_detail')}, 0, CONCAT(${text}) FROM seq_${from}_to_${to} s ${joins}`;
  });
}

// Pieces end at the first whole element past their nominal length.
const meanPieceBytes = 640;
const head = sqlText(policyHead);
const tail = sqlText(policyTail);
const nodeIds = sampleNodes.map(({ nodeId }) => `'${nodeId}'`).join(', ');

/** Statements for rows 0 to `rows`, a few thousand at a time, so that no transaction grows large. */
function* batches(rows: number, statement: (from: number, to: number) => string): Generator<string> {
  const step = 4000;
  for (let from = 0; from < rows; from += step) {
    yield `${statement(from, Math.min(rows, from + step) - 1)};\nCOMMIT;\n`;
  }
}

/** An expression of pieces chosen by the row's number, and the joins that it needs. */
function concatenated(
  table: string,
  count: number,
  salt: string,
): { readonly text: string; readonly joins: string } {
  const aliases = Array.from({ length: count }, (_, index) => `${salt}${index}`);
  return {
    text: aliases.map((alias) => `${alias}.piece`).join(', '),
    joins: aliases
      .map(
        (alias) =>
          `STRAIGHT_JOIN ${table} ${alias} FORCE INDEX (PRIMARY) ON ${alias}.id = CRC32(CONCAT('${alias}', s.seq)) % ${pieces}`,
      )
      .join(' '),
  };
}

function bulkGoid(kind: string, number = 's.seq'): string {
  return `UNHEX(CONCAT(LEFT(MD5('bulk ${kind}'), 16), LPAD(HEX(${number}), 16, '0')))`;
}

function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''").replaceAll('\n', '\\n')}'`;
}
