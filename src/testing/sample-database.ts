import { sampleAudits } from './sample-audits.js';
import { sampleBulk, type SampleBulkOptions } from './sample-bulk.js';
import { sampleNodes, sampleUsers, type SampleNode, type SampleUser } from './sample-identities.js';
import { clusterRows, identityRows, policyRows, roleRows } from './sample-rows.js';
import { keyRows, miscellaneousRows } from './sample-more-rows.js';
import { sampleSchema } from './sample-schema.js';
import { SeededRandom } from './seeded-random.js';

/**
 * What the sample database holds.
 *
 * @public
 */
export interface SampleDatabaseOptions extends SampleBulkOptions {
  /** Same seed, same statements. Default: 1. */
  readonly seed?: number | undefined;
  /** Content of `ssg_version`. Default: `9.4.00`. */
  readonly version?: string | undefined;
  /** Rows of `cluster_info`. Default: {@link sampleNodes}. */
  readonly nodes?: readonly SampleNode[] | undefined;
  /** Internal users. Default: {@link sampleUsers}. */
  readonly users?: readonly SampleUser[] | undefined;
  /** Whether `cluster_properties` has a licence row. Default: true. */
  readonly licensed?: boolean | undefined;
}

/**
 * The SQL that fills an empty database with what a Gateway keeps there: 100 tables, policies, services, users and roles,
 * certificates, keystores, cluster properties, audit records of every kind. About 1 MB, and more on request. One
 * statement at a time, ready for {@link PrivateMariaDb.execute}; needs MariaDB only for more than the usual amount.
 *
 * @example
 * ```ts
 * await using server = await PrivateMariaDb.start();
 * await server.createDatabase('ssg', { user: 'gateway', password: 'sample' });
 * await server.execute(sampleDatabaseSql(), 'ssg');
 * ```
 *
 * @public
 */
export function* sampleDatabaseSql(options: SampleDatabaseOptions = {}): Generator<string> {
  const random = new SeededRandom(options.seed ?? 1);
  const nodes = options.nodes ?? sampleNodes;
  const users = options.users ?? sampleUsers;
  yield "SET NAMES utf8mb4, SESSION sql_mode = '', time_zone = '+00:00';\n";
  yield 'SET FOREIGN_KEY_CHECKS = 0, UNIQUE_CHECKS = 0, autocommit = 0;\n';
  yield* sampleSchema();
  yield* clusterRows(nodes, options.version ?? '9.4.00', options.licensed ?? true);
  yield* policyRows(random);
  yield* identityRows(users);
  yield* roleRows(users);
  yield* keyRows(random);
  yield* miscellaneousRows(random, nodes);
  yield* sampleAudits(random, nodes);
  yield* sampleBulk(options);
  yield 'COMMIT;\nSET FOREIGN_KEY_CHECKS = 1, UNIQUE_CHECKS = 1;\n';
}
