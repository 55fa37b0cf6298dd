import { sampleTime } from './sample-audits.js';
import { sampleUsers, type SampleNode } from './sample-identities.js';
import { goid, insertRows } from './sample-sql.js';
import type { SeededRandom } from './seeded-random.js';

/** Keystores, passwords, certificates: blobs and long text. */
export function* keyRows(random: SeededRandom): Generator<string> {
  yield insertRows(
    'keystore_file',
    [0, 1, 2, 3].map((index) => ({
      goid: goid('keystore', index),
      version: 1,
      name: `Keystore ${index}`,
      format: ['hsm', 'sdb.pkcs12', 'luna', 'ncipher'][index] ?? 'generic',
      // One large, one small, one empty and one that is not there.
      databytes:
        index === 0
          ? random.bytes(200_000)
          : index === 1
            ? random.bytes(150)
            : index === 2
              ? Buffer.alloc(0)
              : null,
      properties: null,
    })),
  );
  yield insertRows('shared_keys', [
    { encodingid: 'Cluster Shared Key', b64edKey: `$PBKDF2$${random.bytes(96).toString('base64')}` },
  ]);
  yield insertRows(
    'secure_password',
    Array.from({ length: 10 }, (_, index) => ({
      goid: goid('secure-password', index),
      version: 0,
      name: `password${index}`,
      description: index === 0 ? '' : null,
      usage_from_variable: false,
      encoded_password: `$L7C2$3e8,${random.bytes(8).toString('base64')}$${random.bytes(64).toString('base64')}`,
      last_update: sampleTime,
      type: index % 3 === 0 ? 'PEM_PRIVATE_KEY' : 'PASSWORD',
    })),
  );
  const certificate = sampleUsers.find((user) => user.certificate !== undefined)?.certificate ?? '';
  yield insertRows(
    'trusted_cert',
    [0, 1, 2].map((index) => ({
      goid: goid('trusted-cert', index),
      version: 0,
      name: `backend${index}.example.com`,
      subject_dn: `cn=backend${index}.example.com,o=Example`,
      cert_base64: certificate,
      trust_ssl: true,
      thumbprint_sha1: random.bytes(20).toString('base64'),
      ski: random.bytes(20).toString('base64'),
      revocation_type: 'USE_DEFAULT',
      issuer_dn: 'cn=Example CA',
      serial: random.integer(1e9).toString(),
    })),
  );
}

/** A few rows of the tables that everybody has, and of those with peculiar columns. */
export function* miscellaneousRows(random: SeededRandom, nodes: readonly SampleNode[]): Generator<string> {
  const connector = (index: number, name: string, port: number, endpoints: string) => ({
    goid: goid('connector', index),
    version: 1,
    name,
    enabled: true,
    port,
    scheme: port === 8080 ? 'HTTP' : 'HTTPS',
    endpoints,
    secure: port !== 8080,
    client_auth: port === 8080 ? 0 : 1,
  });
  yield insertRows('connector', [
    connector(0, 'Default HTTP (8080)', 8080, 'MESSAGE_INPUT,POLICYDISCO,PING,STS'),
    connector(1, 'Default HTTPS (8443)', 8443, 'MESSAGE_INPUT,ADMIN_REMOTE,ADMIN_APPLET,OTHER_SERVLETS'),
    connector(2, 'Node HTTPS (2124)', 2124, 'PC_NODE_API,NODE_COMMUNICATION'),
    connector(3, 'Messages only (9443)', 9443, 'MESSAGE_INPUT'),
  ]);
  yield insertRows('connector_property', [
    { connector_goid: goid('connector', 1), name: 'overrideProtocols', value: 'TLSv1.2,TLSv1.3' },
    { connector_goid: goid('connector', 3), name: 'threadPoolSize', value: '40' },
  ]);
  yield insertRows('wsdm_subscription', [
    {
      goid: goid('wsdm', 0),
      version: 0,
      published_service_goid: goid('service', 0),
      callback_url: 'http://10.0.0.9/notify',
      uuid: 'b4c3e8b0-7d1f-4d59-8f3e-0a4a0f6d2c11',
      topic: 1,
      termination_time: -1,
    },
  ]);
  yield insertRows('jms_connection', [
    {
      goid: goid('jms', 0),
      version: 1,
      name: 'Orders',
      jndi_url: 'tcp://10.0.0.31:7222',
      factory_classname: 'com.tibco.tibjms.naming.TibjmsInitialContextFactory',
      password: '${secpass.jms.plaintext}',
      properties: '<?xml version="1.0" encoding="UTF-8"?>\n<java class="java.beans.XMLDecoder"/>\n',
    },
  ]);
  yield insertRows('jdbc_connection', [
    {
      goid: goid('jdbc', 0),
      version: 0,
      name: 'OracleDB',
      driver_class: 'com.l7tech.jdbc.oracle.OracleDriver',
      jdbc_url: 'jdbc:l7tech:oracle://10.0.0.50:1521;Database=orders',
      user_name: 'orders',
      password: '$L7C2$3e8,cGFzcw==$c2FtcGxl',
    },
  ]);
  yield insertRows(
    'resource_entry',
    [0, 1, 2].map((index) => ({
      goid: goid('resource', index),
      version: 0,
      uri: `http://example.com/schemas/order${index}.xsd`,
      uri_hash: random.bytes(64).toString('base64'),
      type: 'XML_SCHEMA',
      content_type: 'text/xml',
      content: `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\r\n${'  <xs:element name="e"/>\r\n'.repeat(40)}</xs:schema>`,
    })),
  );
  yield insertRows(
    'service_metrics',
    Array.from({ length: 200 }, (_, index) => ({
      goid: goid('metrics', index),
      nodeid: random.pick(nodes).nodeId,
      published_service_goid: goid('service', index % 30),
      resolution: 0,
      period_start: sampleTime + index * 5_000,
      start_time: sampleTime + index * 5_000,
      interval_size: 5_000,
      service_state: 'ENABLED',
      end_time: sampleTime + index * 5_000 + 5_000,
      attempted: random.integer(90),
      authorized: 0,
      completed: 0,
      back_min: null,
      back_max: null,
      back_sum: 0,
      front_min: null,
      front_max: null,
      front_sum: 0,
    })),
  );
  yield insertRows('solution_kit', [
    {
      goid: goid('kit', 0),
      version: 0,
      name: 'OTK',
      sk_guid: 'otk',
      sk_version: '4.6',
      main_meta_goid: goid('kit-meta', 0),
      parent_goid: null,
    },
    {
      goid: goid('kit', 1),
      version: 0,
      name: 'OTK part',
      sk_guid: 'otk-1',
      sk_version: '4.6',
      main_meta_goid: null,
      parent_goid: goid('kit', 0),
    },
  ]);
  yield insertRows('solution_kit_meta', [
    { goid: goid('kit-meta', 0), version: 0, solution_kit_goid: goid('kit', 0), meta: '<l7:SolutionKit/>' },
  ]);
}
