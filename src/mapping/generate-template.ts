import type { DatabaseSession, RawValue } from '../database/database-session.js';
import { BackupError, isBackupError } from '../errors.js';
import { throwIfCancelled, type AbortableOptions } from '../support/abort.js';
import { messageOf } from '../support/message-of.js';
import type { MappingFault, MappingTemplate } from './mapping-template-generator.js';
import { printMapping, type MappedProperty } from './mapping-xml.js';
import { customIpAddresses } from './policy-xml.js';

/** The work of `MappingTemplateGenerator.generate`. */
export async function generateTemplate(
  database: DatabaseSession,
  { signal }: AbortableOptions,
): Promise<MappingTemplate> {
  throwIfCancelled(signal, 'mapping');
  try {
    const properties = await readProperties(database, signal);
    const addresses = new Set<string>();
    const faults: MappingFault[] = [];
    for (const source of await findSources(database)) {
      await readPolicies(database, source, addresses, faults, signal);
    }
    const ipAddresses = [...addresses].sort();
    return { ...printMapping(ipAddresses, properties), ipAddresses, properties, faults };
  } catch (error) {
    throw mappingFailure(error);
  }
}

async function readProperties(
  database: DatabaseSession,
  signal: AbortSignal | undefined,
): Promise<readonly MappedProperty[]> {
  const properties: MappedProperty[] = [];
  // Converted by the server, since a session may hand out each column in its own character set.
  const sql =
    'SELECT CONVERT(propkey USING utf8mb4), CONVERT(propvalue USING utf8mb4) FROM cluster_properties';
  for await (const [key = null, value = null] of database.rows(sql)) {
    throwIfCancelled(signal, 'mapping');
    const name = text(key);
    if (!hiddenProperties.has(name)) properties.push({ name, value: text(value) });
  }
  return properties.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}

/** The columns that exist of those that may hold policies; which ones do depends on the Gateway's release. */
async function findSources(database: DatabaseSession): Promise<readonly PolicySource[]> {
  const tables = policyColumns.map(({ table }) => `'${table}'`).join(', ');
  const found = await database.query(
    'SELECT table_name, column_name, data_type FROM information_schema.columns ' +
      `WHERE table_schema = DATABASE() AND table_name IN (${tables})`,
  );
  const types = new Map(
    found.map(([table, column, type]) => [columnKey(text(table), text(column)), text(type)]),
  );
  return policyColumns
    .filter(({ table, column }) => types.has(columnKey(table, column)))
    .map(({ table, column }) => {
      const id = ['goid', 'objectid'].find((candidate) => types.has(columnKey(table, candidate)));
      const binary = id !== undefined && types.get(columnKey(table, id))!.toLowerCase().includes('binary');
      return {
        table,
        column,
        id: id === undefined ? "''" : binary ? `LOWER(HEX(${id}))` : `CAST(${id} AS CHAR)`,
        name: types.has(columnKey(table, 'name')) ? 'CONVERT(name USING utf8mb4)' : "''",
      };
    });
}

async function readPolicies(
  database: DatabaseSession,
  { table, column, id, name }: PolicySource,
  addresses: Set<string>,
  faults: MappingFault[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const sql =
    `SELECT ${id}, ${name}, CONVERT(${column} USING utf8mb4) FROM ${table} ` +
    `WHERE ${column} IS NOT NULL AND ${column} <> ''`;
  for await (const [rowId = null, rowName = null, policy = null] of database.rows(sql)) {
    throwIfCancelled(signal, 'mapping');
    if (policy === null) continue;
    try {
      for (const address of await customIpAddresses(policy, signal)) addresses.add(address);
    } catch (error) {
      if (isBackupError(error)) throw error;
      faults.push({
        table,
        id: text(rowId),
        name: text(rowName),
        message: printable((error as Error).message),
      });
    }
  }
}

/** One column that holds policies, with the expressions that name a row. */
interface PolicySource {
  readonly table: MappingFault['table'];
  readonly column: string;
  readonly id: string;
  readonly name: string;
}

const policyColumns = [
  { table: 'published_service', column: 'policy_xml' },
  { table: 'policy', column: 'xml' },
  { table: 'policy_version', column: 'xml' },
] as const satisfies readonly Pick<PolicySource, 'table' | 'column'>[];

/** Properties that belong to one cluster, or that are secret. */
const hiddenProperties: ReadonlySet<string> = new Set([
  'license',
  'audit.acknowledge.highestTime',
  'audit.archiverInProgress',
  'audit.archiver.ftp.config',
  'krb5.keytab',
  'keyStore.defaultSsl.alias',
  'keyStore.defaultCa.alias',
]);

// The server decides about upper and lower case in information_schema.
function columnKey(table: string, column: string): string {
  return `${table}.${column}`.toLowerCase();
}

function text(value: RawValue | undefined): string {
  return value?.toString('utf8') ?? '';
}

function printable(message: string): string {
  const line = message.replace(/[\0-\x1f\x7f-\x9f]+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

function mappingFailure(error: unknown): unknown {
  if (isBackupError(error) && error.code === 'CANCELLED') return error;
  const { reason, retryable, hint } = isBackupError(error) ? error : {};
  const because = messageOf(error);
  return new BackupError('MAPPING_TEMPLATE_FAILED', `The mapping template could not be made: ${because}`, {
    stage: 'mapping',
    reason,
    retryable,
    hint,
    cause: error,
  });
}
