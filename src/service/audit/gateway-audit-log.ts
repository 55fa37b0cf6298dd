import { randomBytes } from 'node:crypto';
import type { GatewayDatabase, GatewayStatement, StatementValue } from '../../database/gateway-database.js';
import { GatewayTables } from '../gateway-tables.js';
import type { AuditLog, AuditRecord } from './audit-log.js';

/**
 * What a {@link GatewayAuditLog} writes into every record.
 *
 * @public
 */
export interface GatewayAuditOptions {
  /** Id of this node: `nodeid` of `cluster_info`. */
  readonly nodeId: string;
  /** `component_id` of the records. Default: 0. */
  readonly componentId?: number | undefined;
}

type Columns = Readonly<Record<string, StatementValue>>;

/**
 * Audit records as rows of the Gateway's own tables: `audit_main`, `audit_system`, and the id in `audit_detail`, in one
 * transaction. Records are not signed.
 *
 * @example
 * ```ts
 * await using gateway = await openGatewayAccess();
 * const audit = new GatewayAuditLog(gateway.database, { nodeId: gateway.nodeId });
 * ```
 *
 * @public
 */
export class GatewayAuditLog implements AuditLog {
  readonly #database: GatewayDatabase;
  readonly #tables: GatewayTables;
  readonly #options: GatewayAuditOptions;

  constructor(database: GatewayDatabase, options: GatewayAuditOptions) {
    this.#database = database;
    this.#tables = new GatewayTables(database);
    this.#options = options;
  }

  /** Throws a `BackupError` when the record could not be written; then no row of it is there. */
  async record(record: AuditRecord): Promise<void> {
    const { nodeId, componentId = 0 } = this.#options;
    const goid = randomBytes(16);
    const time = record.time.getTime();
    await this.#database.transaction([
      await this.#insert('audit_main', {
        goid,
        nodeid: fit(nodeId, 32),
        time,
        audit_level: record.level,
        name: 'Backup Service',
        message: fit(record.message, 255),
        ip_address: fit(record.clientAddress, 39),
        user_name: fit(record.user, 255),
        user_id: fit(record.userId, 255),
        provider_goid: record.providerId === undefined ? null : Buffer.from(record.providerId, 'hex'),
        signature: null,
      }),
      await this.#insert('audit_system', { goid, component_id: componentId, action: 'Backup' }),
      await this.#insert('audit_detail', {
        goid: randomBytes(16),
        audit_goid: goid,
        time,
        component_id: componentId,
        ordinal: 0,
        message_id: record.id,
        exception_message: JSON.stringify({
          node: record.node,
          clientHost: record.clientHost,
          status: record.status,
        }),
      }),
    ]);
  }

  async #insert(table: string, values: Columns): Promise<GatewayStatement> {
    const existing = await this.#tables.columns(table, ['goid']);
    const columns = Object.keys(values).filter((column) => existing.has(column));
    return {
      sql: `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      values: columns.map((column) => values[column] ?? null),
    };
  }
}

function fit(text: string | undefined, length: number): string | null {
  return text === undefined ? null : Array.from(text).slice(0, length).join('');
}
