import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MappingTemplateGenerator } from 'gateway-backup';
import {
  sampleBackendAddresses,
  sampleClusterProperties,
  sampleDatabaseSql,
  sampleHiddenClusterProperties,
} from 'gateway-backup/testing';
import { DatabaseServer } from '../support/database-server.js';
import { ensure } from '../support/prerequisites.js';
import { readMapping } from '../support/read-xml.js';

let server: DatabaseServer;
before(async () => {
  await ensure('mariadb');
  server = await DatabaseServer.start();
});
after(() => server[Symbol.asyncDispose]());

test('the template of the sample gateway holds exactly its values', async () => {
  const name = await server.create(sampleDatabaseSql());
  await using session = await server.open(name);
  const template = await new MappingTemplateGenerator(session).generate();
  assert.deepEqual(template.faults, []);
  const { ipmaps, varmaps } = readMapping(template.xml);
  assert.deepEqual(
    ipmaps.map((map) => map['sourcevalue']),
    [...sampleBackendAddresses].sort(),
  );
  const expected = Object.entries(sampleClusterProperties).sort(([one], [other]) => (one < other ? -1 : 1));
  assert.deepEqual(
    varmaps.map((map) => [map['name'], map['sourcevalue']]),
    expected,
  );
  for (const hidden of sampleHiddenClusterProperties) assert.ok(!template.xml.includes(hidden), hidden);
});

test('a broken policy in a real database is named, and the rest is there', async () => {
  const name = await server.create(sampleDatabaseSql());
  await server.mariadb.execute(
    "UPDATE policy SET xml = CONCAT('<!DOCTYPE x SYSTEM \"file:///etc/passwd\">', xml) WHERE name = 'Fragment 35';",
    name,
  );
  await using session = await server.open(name);
  const { ipAddresses, faults } = await new MappingTemplateGenerator(session).generate();
  assert.deepEqual(ipAddresses, [...sampleBackendAddresses].sort());
  assert.equal(faults.length, 1);
  const [fault] = faults;
  assert.equal(fault!.table, 'policy');
  assert.equal(fault!.name, 'Fragment 35');
  assert.match(fault!.id, /^[0-9a-f]{32}$/);
});

test('an old schema with numbers for ids and policies in the services is read', async () => {
  const policy =
    '<p:HttpRoutingAssertion xmlns:p="http://www.layer7tech.com/ws/policy"><p:CustomIpAddresses>' +
    '<p:item stringValue="10.9.8.7"/></p:CustomIpAddresses></p:HttpRoutingAssertion>';
  const name = await server.create(`
    CREATE TABLE cluster_properties (propkey VARCHAR(255), propvalue MEDIUMTEXT) CHARSET latin1;
    INSERT INTO cluster_properties VALUES ('größe', 'für alle');
    CREATE TABLE published_service (objectid BIGINT, name VARCHAR(255), policy_xml MEDIUMTEXT);
    INSERT INTO published_service VALUES (65537, 'good', '${policy}'), (65538, 'cut', '<a>'), (65539, 'none', NULL);`);
  await using session = await server.open(name);
  const { ipAddresses, properties, faults } = await new MappingTemplateGenerator(session).generate();
  assert.deepEqual(ipAddresses, ['10.9.8.7']);
  assert.deepEqual(properties, [{ name: 'größe', value: 'für alle' }]);
  assert.deepEqual(
    faults.map(({ table, id, name: fault }) => [table, id, fault]),
    [['published_service', '65538', 'cut']],
  );
});
