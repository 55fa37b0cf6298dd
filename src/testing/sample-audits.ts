import { gzipSync } from 'node:zlib';
import type { SampleNode } from './sample-identities.js';
import { goid, insertRows } from './sample-sql.js';
import type { SeededRandom } from './seeded-random.js';

const providerGoid = Buffer.from('0000000000000000fffffffffffffffe', 'hex');
/** 1 November 2026. */
export const sampleTime = 1_793_491_200_000;

/** Audit records of every kind, a few hundred, with compressed messages. */
export function* sampleAudits(random: SeededRandom, nodes: readonly SampleNode[]): Generator<string> {
  const records = Array.from({ length: 300 }, (_, number) => ({
    number,
    kind: kinds[number % kinds.length] ?? 'system',
  }));
  yield insertRows(
    'audit_main',
    records.map(({ number, kind }) => ({
      goid: goid('audit', number),
      nodeid: random.pick(nodes).nodeId,
      time: sampleTime + number * 1009,
      audit_level: random.pick(['INFO', 'WARNING', 'SEVERE']),
      name: kind === 'message' ? 'Orders' : kind === 'system' ? 'Server' : 'User admin',
      message:
        kind === 'message' ? 'Message processed successfully' : "Something happened: 'it' said \\o/ 0x, ü€",
      ip_address: `10.1.${random.integer(255)}.${random.integer(255)}`,
      user_name: number % 4 === 0 ? null : 'admin',
      user_id: random.hex(32),
      provider_goid: providerGoid,
      signature: number % 3 === 0 ? random.bytes(128).toString('base64') : null,
    })),
  );
  const ofKind = (wanted: string) => records.filter(({ kind }) => kind === wanted);
  yield insertRows(
    'audit_admin',
    ofKind('admin').map(({ number }) => ({
      goid: goid('audit', number),
      entity_class: 'com.l7tech.policy.Policy',
      entity_id: number % 2 === 0 ? goid('policy', number % 40) : null,
      action: random.pick(['C', 'U', 'D', 'L']),
    })),
  );
  yield insertRows(
    'audit_system',
    ofKind('system').map(({ number }) => ({
      goid: goid('audit', number),
      component_id: 1_000_000 + random.integer(50),
      action: random.pick(['Starting', 'Started', 'Stopped', 'Backup']),
    })),
  );
  yield insertRows(
    'audit_message',
    ofKind('message').map(({ number }) => ({
      goid: goid('audit', number),
      status: random.pick([0, 601]),
      request_id: `${random.hex(16)}-${random.hex(8)}`,
      service_goid: goid('service', number % 30),
      operation_name: random.pick(['placeOrder', 'getOrder', null]),
      authenticated: number % 2 === 0,
      authenticationType: random.pick([0, 1, null]),
      request_length: 2000,
      response_length: number % 7 === 0 ? null : 1800,
      request_zipxml: number % 11 === 0 ? Buffer.alloc(0) : gzipSync(messageXml(random)),
      response_zipxml: number % 7 === 0 ? null : gzipSync(messageXml(random)),
      response_status: 200,
      routing_latency: random.integer(900),
      mapping_values_goid: null,
    })),
  );
  const details = records.flatMap(({ number }) => (number % 3 === 0 ? [] : [number * 2, number * 2 + 1]));
  yield insertRows(
    'audit_detail',
    details.map((detail) => ({
      goid: goid('audit-detail', detail),
      audit_goid: goid('audit', Math.floor(detail / 2)),
      time: sampleTime + detail,
      component_id: 0,
      ordinal: detail % 2,
      message_id: random.pick([-4, 3017, 4104, 6303]),
      exception_message:
        detail % 5 === 0
          ? 'java.net.ConnectException: refused\n\tat com.example.Route.send(Route.java:88)\r\n'
          : null,
    })),
  );
  yield insertRows(
    'audit_detail_params',
    details.map((detail) => ({
      audit_detail_goid: goid('audit-detail', detail),
      position: 0,
      value: `Request from 10.1.2.3 with "quotes", \ttabs and ${random.hex(20)}`,
    })),
  );
}

const kinds = ['admin', 'system', 'message', 'message', 'message'];

function messageXml(random: SeededRandom): string {
  const lines = Array.from(
    { length: 5 + random.integer(20) },
    (_, line) =>
      `<o:line number="${line}"><o:item>${random.hex(12)}</o:item><o:amount>${random.integer(9_999)}</o:amount></o:line>`,
  );
  return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><o:order xmlns:o="urn:example:orders">${lines.join('')}</o:order></s:Body></s:Envelope>`;
}
