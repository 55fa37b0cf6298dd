import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackupError, MappingTemplateGenerator } from 'gateway-backup';
import { sampleHiddenClusterProperties } from 'gateway-backup/testing';
import { FakeDatabase, type FakeRow } from '../support/fake-database.js';
import { readMapping } from '../support/read-xml.js';

function policy(...items: string[]): string {
  const list = items.map((item) => `<p:item stringValue="${item}"/>`).join('');
  return `<p:HttpRoutingAssertion xmlns:p="http://www.layer7tech.com/ws/policy"><p:CustomIpAddresses>${list}</p:CustomIpAddresses></p:HttpRoutingAssertion>`;
}

const goids = (table: string): FakeRow[] => [
  [table, 'goid', 'binary'],
  [table, 'name', 'varchar'],
];
const columns: FakeRow[] = [
  ...goids('policy'),
  ['policy', 'xml', 'mediumtext'],
  ...goids('policy_version'),
  ['policy_version', 'xml', 'mediumtext'],
  ...goids('published_service'),
];

test('values are distinct, sorted, and the same whatever order the rows have', async () => {
  const policies: FakeRow[] = [
    ['01', 'a', policy('10.0.0.9', '10.0.0.10')],
    ['02', 'b', policy('10.0.0.1', '10.0.0.9')],
  ];
  const properties: FakeRow[] = [
    ['z.last', '1'],
    ['a.first', null],
    ['ä', 'ü'],
  ];
  const generate = (reverse: boolean) => {
    const order = <T>(rows: T[]): T[] => (reverse ? [...rows].reverse() : rows);
    return new MappingTemplateGenerator(
      new FakeDatabase({
        information_schema: columns,
        cluster_properties: order(properties),
        'FROM policy_version': [['03', null, policy('192.168.0.1')]],
        'FROM policy': order(policies),
      }),
    ).generate();
  };
  const template = await generate(false);
  assert.deepEqual(template.ipAddresses, ['10.0.0.1', '10.0.0.10', '10.0.0.9', '192.168.0.1']);
  assert.deepEqual(template.properties, [
    { name: 'a.first', value: '' },
    { name: 'z.last', value: '1' },
    { name: 'ä', value: 'ü' },
  ]);
  assert.deepEqual(template.faults, []);
  assert.equal(template.replacedCharacters, 0);
  const { ipmaps, varmaps } = readMapping(template.xml);
  assert.deepEqual(
    ipmaps.map((map) => map['sourcevalue']),
    template.ipAddresses,
  );
  assert.deepEqual(
    varmaps.map((map) => ({ name: map['name'], value: map['sourcevalue'] })),
    template.properties,
  );
  assert.deepEqual(await generate(true), template);
});

test('the seven hidden properties are left out, and only they', async () => {
  const names = [...sampleHiddenClusterProperties, 'license.notes', 'audit.archiver', 'License2'];
  const database = new FakeDatabase({ cluster_properties: names.map((name) => [name, 'value']) });
  const { properties } = await new MappingTemplateGenerator(database).generate();
  assert.deepEqual(
    properties.map(({ name }) => name),
    ['License2', 'audit.archiver', 'license.notes'],
  );
});

test('only columns that exist are asked for', async () => {
  const recent = new FakeDatabase({ information_schema: columns });
  await new MappingTemplateGenerator(recent).generate();
  const asked = recent.statements.filter((sql) => sql.includes('IS NOT NULL'));
  assert.deepEqual(
    asked.map((sql) => / FROM (\w+) /.exec(sql)![1]),
    ['policy', 'policy_version'],
  );
  assert.ok(asked.every((sql) => sql.includes('HEX(goid)')));

  const old = new FakeDatabase({
    information_schema: [
      ['published_service', 'objectid', 'bigint'],
      ['published_service', 'name', 'varchar'],
      ['published_service', 'policy_xml', 'mediumtext'],
    ],
    'FROM published_service': [['65536', 'Warehouse', policy('1.2.3.4')]],
  });
  const template = await new MappingTemplateGenerator(old).generate();
  assert.deepEqual(template.ipAddresses, ['1.2.3.4']);
  assert.match(old.statements.at(-1)!, /CAST\(objectid AS CHAR\)/);
});

test('a broken policy is named and does not spoil the others', async () => {
  const database = new FakeDatabase({
    information_schema: columns,
    'FROM policy_version': [['aa', null, Buffer.from([0x3c, 0x61, 0x3e, 0xff])]],
    'FROM policy': [
      ['01', 'good', policy('10.0.0.1')],
      ['02', 'broken', '<a><b></a>'],
      ['03', 'hostile', '<!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>'],
      ['04', 'also good', policy('10.0.0.2')],
      ['05', 'nothing', null],
    ],
  });
  const template = await new MappingTemplateGenerator(database).generate();
  assert.deepEqual(template.ipAddresses, ['10.0.0.1', '10.0.0.2']);
  assert.deepEqual(
    template.faults.map(({ table, id, name }) => [table, id, name]),
    [
      ['policy', '02', 'broken'],
      ['policy', '03', 'hostile'],
      ['policy_version', 'aa', ''],
    ],
  );
  assert.match(template.faults[1]!.message, /document type/);
});

test('characters that XML cannot hold are counted', async () => {
  const database = new FakeDatabase({ cluster_properties: [['bell', 'a\u0007b\0']] });
  const template = await new MappingTemplateGenerator(database).generate();
  assert.equal(template.replacedCharacters, 2);
  assert.match(template.xml, /sourcevalue="a\ufffdb\ufffd"/);
});

test('a database that cannot be read is a failure of the template, with its reason', async () => {
  const cause = new BackupError('DATABASE_UNAVAILABLE', 'gone', {
    stage: 'collect',
    reason: 'connection-lost',
    retryable: true,
  });
  const generator = new MappingTemplateGenerator(new FakeDatabase({ cluster_properties: cause }));
  await assert.rejects(generator.generate(), {
    code: 'MAPPING_TEMPLATE_FAILED',
    stage: 'mapping',
    reason: 'connection-lost',
    retryable: true,
    cause,
  });
});

test('an aborted signal means that nothing is asked', async () => {
  const database = new FakeDatabase({});
  const generator = new MappingTemplateGenerator(database);
  await assert.rejects(generator.generate({ signal: AbortSignal.abort() }), { code: 'CANCELLED' });
  assert.deepEqual(database.statements, []);
});

test('cancelling between two rows ends it', async () => {
  const controller = new AbortController();
  const database = new FakeDatabase({
    cluster_properties: [
      ['a', '1'],
      ['b', '2'],
    ],
  });
  const generating = new MappingTemplateGenerator(database).generate({ signal: controller.signal });
  controller.abort();
  await assert.rejects(generating, { code: 'CANCELLED' });
});
