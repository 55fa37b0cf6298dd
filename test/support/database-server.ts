import { PrivateMariaDb } from 'gateway-backup/testing';
import { openMysqlSession, type MysqlSession } from '#dist/database/mysql-session.js';
import { Secret } from '#dist/secrets/secret.js';

export type DatabaseSessionConfig = Parameters<typeof openMysqlSession>[0];

export const login = { user: 'gateway', password: 'canary-database-password' } as const;

/** A test's data need not outlive the machine. */
const noWaitForTheDisk = [
  '--innodb-flush-method=nosync',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=0',
  '--sync-frm=0',
];

/** A server with the Gateway's user, who owns the databases that {@link DatabaseServer.create} makes. */
export class DatabaseServer implements AsyncDisposable {
  readonly mariadb: PrivateMariaDb;
  #count = 0;

  private constructor(mariadb: PrivateMariaDb) {
    this.mariadb = mariadb;
  }

  static async start(serverArguments: readonly string[] = []): Promise<DatabaseServer> {
    const mariadb = await PrivateMariaDb.start({
      serverArguments: [...noWaitForTheDisk, ...serverArguments],
    });
    const user = `${login.user}@'%'`;
    await mariadb.execute(
      `CREATE USER ${user} IDENTIFIED BY '${login.password}'; GRANT ALL ON \`ssg\\_%\`.* TO ${user};`,
    );
    return new DatabaseServer(mariadb);
  }

  /** An empty database, filled with `sql`; gives its name. */
  async create(sql: Parameters<PrivateMariaDb['execute']>[0] = ''): Promise<string> {
    this.#count += 1;
    const name = `ssg_${this.#count}`;
    await this.mariadb.createDatabase(name);
    if (sql !== '') await this.mariadb.execute(sql, name);
    return name;
  }

  config(name: string, overrides: Partial<DatabaseSessionConfig> = {}): DatabaseSessionConfig {
    const { host, port } = this.mariadb;
    return { host, port, name, user: login.user, password: new Secret(login.password), ...overrides };
  }

  open(
    name: string,
    overrides: Partial<DatabaseSessionConfig> = {},
    signal?: AbortSignal,
  ): Promise<MysqlSession> {
    return openMysqlSession(this.config(name, overrides), { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mariadb.stop();
  }
}

/** Everything an iterable gives, copied: blocks are recycled. */
export async function collectBytes(blocks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const block of blocks) copies.push(Buffer.from(block));
  return Buffer.concat(copies);
}
