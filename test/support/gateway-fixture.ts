import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSampleGateway,
  PrivateMariaDb,
  sampleDatabaseSql,
  type SampleDatabaseOptions,
  type SampleGateway,
  type SampleGatewayOptions,
} from 'gateway-backup/testing';
import { ensure } from './prerequisites.js';

/** What a test file shares: one private MariaDB, started once, and as many databases and gateways as it wants. */
export class GatewayFixture implements AsyncDisposable {
  readonly server: PrivateMariaDb;
  /** Login that every database of this fixture has. */
  readonly login = { user: 'gateway', password: 'canary-Db-1' } as const;
  readonly #gateways: SampleGateway[] = [];
  readonly #folders: string[] = [];
  #databases = 0;

  private constructor(server: PrivateMariaDb) {
    this.server = server;
  }

  /** Call it in `before`, and {@link GatewayFixture.remove} in `after`. */
  static async start(): Promise<GatewayFixture> {
    await ensure('mariadb');
    return new GatewayFixture(await PrivateMariaDb.start());
  }

  /** A new database with the sample's rows; gives its name. */
  async database(options?: SampleDatabaseOptions): Promise<string> {
    const name = await this.emptyDatabase();
    await this.server.execute(sampleDatabaseSql(options), name);
    return name;
  }

  /** A new database without tables; gives its name. */
  async emptyDatabase(): Promise<string> {
    this.#databases += 1;
    const name = `ssg${this.#databases}`;
    await this.server.createDatabase(name, this.login);
    return name;
  }

  /** A new sample gateway whose main database is the given one of this fixture, reached over TCP. */
  async gateway(database: string, options: SampleGatewayOptions = {}): Promise<SampleGateway> {
    const { host, port } = this.server;
    const gateway = await createSampleGateway({
      database: { host, port, name: database, ...this.login },
      ...options,
    });
    this.#gateways.push(gateway);
    return gateway;
  }

  /** A new empty folder, removed with the fixture. */
  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'gateway-backup-test-'));
    this.#folders.push(folder);
    return folder;
  }

  async remove(): Promise<void> {
    await this.server.stop();
    for (const gateway of this.#gateways) await gateway.remove();
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}
