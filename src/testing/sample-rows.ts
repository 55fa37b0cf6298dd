import { createHash } from 'node:crypto';
import { sampleTime } from './sample-audits.js';
import {
  sampleBackendAddresses,
  sampleClusterProperties,
  sampleHiddenClusterProperties,
} from './sample-facts.js';
import type { SampleNode, SampleUser } from './sample-identities.js';
import { policyXml } from './sample-policies.js';
import { goid, insertRows } from './sample-sql.js';
import type { SeededRandom } from './seeded-random.js';

const internalProvider = Buffer.from('0000000000000000fffffffffffffffe', 'hex');
const rootFolder = Buffer.from('0000000000000000ffffffffffffec76', 'hex');

/** The nodes of the cluster, its properties and its licence. */
export function* clusterRows(
  nodes: readonly SampleNode[],
  version: string,
  licensed: boolean,
): Generator<string> {
  yield insertRows('ssg_version', [{ current_version: version }]);
  yield insertRows('hibernate_unique_key', [{ next_hi: 4242 }]);
  yield insertRows(
    'cluster_info',
    nodes.map(({ nodeId, name, address }, index) => ({
      nodeid: nodeId,
      mac: `00:16:3E:00:00:0${index + 1}`,
      name,
      address,
      esm_address: address,
      multicast_address: '224.0.7.227',
      uptime: sampleTime - 86_400_000,
      avgload: 0.25 * (index + 1),
      statustimestamp: sampleTime,
    })),
  );
  const hidden = sampleHiddenClusterProperties.map((name) => [name, hiddenValue(name)] as const);
  const properties = [...hidden, ...Object.entries(sampleClusterProperties)];
  yield insertRows(
    'cluster_properties',
    properties
      .map(([propkey, propvalue], index) => ({
        goid: goid('cluster-property', index),
        version: 1,
        propkey,
        propvalue,
        properties: null,
      }))
      .filter(({ propkey }) => propkey !== 'license' || licensed),
  );
}

function hiddenValue(name: string): string {
  if (name !== 'license') return `hidden value of ${name}`;
  return '<?xml version="1.0" encoding="UTF-8"?>\n<license Id="1" xmlns="http://l7tech.com/license">\n  <description>Sample</description>\n</license>\n';
}

/** Folders, services and policies, with their versions. */
export function* policyRows(random: SeededRandom): Generator<string> {
  const folders = Array.from({ length: 12 }, (_, index) => ({
    goid: index === 0 ? rootFolder : goid('folder', index),
    version: 0,
    name: index === 0 ? 'Root Node' : `Folder ${index}`,
    parent_folder_goid: index === 0 ? null : index < 5 ? rootFolder : goid('folder', index - 4),
    security_zone_goid: null,
  }));
  yield insertRows('folder', folders);
  const backendsOf = (index: number) =>
    sampleBackendAddresses.filter((_, address) => address === index || address === index + 1);
  const policies = Array.from({ length: 40 }, (_, index) => ({
    goid: goid('policy', index),
    version: 3,
    guid: `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-8${random.hex(3)}-${random.hex(12)}`,
    name: index < 30 ? `Policy of service ${index}` : `Fragment ${index}`,
    policy_type: index < 30 ? 'Private Service Policy' : 'Included Policy Fragment',
    xml: policyXml(random, backendsOf(index)),
    soap: index % 2 === 0,
    internal_tag: null,
    folder_goid: goid('folder', 1 + (index % 11)),
  }));
  yield insertRows('policy', policies);
  yield insertRows(
    'policy_version',
    policies.flatMap((policy, index) =>
      [1, 2, 3].map((ordinal) => ({
        goid: goid('policy-version', index * 3 + ordinal),
        version: 0,
        name: ordinal === 2 ? "The one that 'works'" : null,
        policy_goid: policy.goid,
        ordinal,
        time: sampleTime - ordinal * 60_000,
        user_provider_goid: internalProvider,
        user_login: 'admin',
        active: ordinal === 3,
        xml: ordinal === 3 ? policy.xml : policyXml(random, backendsOf(index)),
      })),
    ),
  );
  yield insertRows(
    'published_service',
    policies.slice(0, 30).map((policy, index) => ({
      goid: goid('service', index),
      version: 1,
      name: `Service ${index}`,
      policy_goid: policy.goid,
      wsdl_url: index % 2 === 0 ? `http://backend.example.com/service${index}?wsdl` : null,
      wsdl_xml:
        index % 2 === 0
          ? `<wsdl:definitions name="S${index}">\n${'  <wsdl:message/>\n'.repeat(30)}</wsdl:definitions>`
          : null,
      soap: index % 2 === 0,
      routing_uri: `/service${index}`,
      http_methods: 'GET,POST',
      folder_goid: policy.folder_goid,
      uuid: null,
    })),
  );
}

/** Identity providers, users and groups. */
export function* identityRows(users: readonly SampleUser[]): Generator<string> {
  yield insertRows('identity_provider', [
    {
      goid: internalProvider,
      version: 0,
      name: 'Internal Identity Provider',
      description: 'Internal',
      type: 1,
      properties: null,
    },
    {
      goid: goid('provider', 1),
      version: 2,
      name: 'Corporate LDAP',
      description: 'ldap://10.0.0.40',
      type: 2,
      properties: '<java version="1.8"/>',
    },
  ]);
  yield insertRows(
    'internal_user',
    users.map((user, index) => ({
      goid: goid('user', index),
      version: 1,
      name: user.login,
      login: user.login,
      password: user.hash,
      digest: null,
      first_name: 'Sam',
      last_name: `Ple ${index}`,
      email: `${user.login}@example.com`,
      description: null,
      expiration: user.expiration,
      password_expiry: -1,
      change_password: 0,
      enabled: user.enabled,
      properties: null,
    })),
  );
  yield insertRows('internal_group', [
    {
      goid: goid('group', 0),
      version: 0,
      name: 'Gateway Administrators',
      description: 'All rights',
      enabled: true,
    },
    { goid: goid('group', 1), version: 0, name: 'Operators', description: null, enabled: true },
  ]);
  yield insertRows(
    'internal_user_group',
    users
      .map((user, index) => ({ user, index }))
      .filter(({ user }) => user.administrator === 'by group')
      .map(({ index }) => ({
        goid: goid('membership', index),
        version: 0,
        internal_group: goid('group', 0),
        provider_goid: internalProvider,
        user_goid: goid('user', index),
        subgroup_id: null,
      })),
  );
  yield insertRows(
    'client_cert',
    users.flatMap((user, index) =>
      user.certificate === undefined
        ? []
        : [
            {
              goid: goid('client-certificate', index),
              version: 0,
              provider: internalProvider,
              user_id: goid('user', index).toString('hex'),
              login: user.login,
              cert: user.certificate,
              reset_counter: 0,
              thumbprint_sha1: sha1Base64(user.certificate),
              subject_dn: `cn=${user.login}`,
              issuer_dn: `cn=${user.login}`,
              serial: '1',
            },
          ],
    ),
  );
}

/** Roles, their permissions and who has them. */
export function* roleRows(users: readonly SampleUser[]): Generator<string> {
  const names = [
    'Administrator',
    'Operator',
    'Manage Web Services',
    'View Audit Records',
    'Gateway Maintenance',
  ];
  yield insertRows(
    'rbac_role',
    names.map((name, index) => ({
      goid: goid('role', index),
      version: 0,
      name,
      tag: index === 0 ? 'ADMIN' : null,
      entity_type: null,
      entity_goid: null,
      description: `Users assigned to the {0} role may do what ${name} says.`,
      user_created: false,
    })),
  );
  yield insertRows(
    'rbac_permission',
    names.flatMap((_, role) =>
      ['CREATE', 'READ', 'UPDATE', 'DELETE'].map((operation, index) => ({
        goid: goid('permission', role * 4 + index),
        version: 0,
        role_goid: goid('role', role),
        operation_type: operation,
        other_operation: null,
        entity_type: 'ANY',
      })),
    ),
  );
  const assignment = (number: number, role: number, identity: Buffer, type: string) => ({
    goid: goid('assignment', number),
    version: 0,
    provider_goid: internalProvider,
    role_goid: goid('role', role),
    identity_id: identity.toString('hex'),
    entity_type: type,
    inherited: false,
  });
  yield insertRows('rbac_assignment', [
    assignment(1000, 0, goid('group', 0), 'Group'),
    assignment(1001, 1, goid('group', 1), 'Group'),
    ...users.flatMap((user, index) =>
      user.administrator === 'direct' ? [assignment(index, 0, goid('user', index), 'User')] : [],
    ),
    ...users.flatMap((user, index) =>
      user.administrator === 'no' ? [assignment(500 + index, 1, goid('user', index), 'User')] : [],
    ),
  ]);
}

function sha1Base64(certificate: string): string {
  return createHash('sha1').update(Buffer.from(certificate, 'base64')).digest('base64');
}
