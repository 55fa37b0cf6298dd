import type { PrivateMariaDb, SampleGateway, SampleGatewayOptions } from 'gateway-backup/testing';
import { GatewayFixture } from './gateway-fixture.js';

/** One node with the sample database, shared by a test file; each test makes file trees of its own. */
export interface SampleNode extends AsyncDisposable {
  readonly server: PrivateMariaDb;
  /** Name of the database. */
  readonly database: string;
  readonly login: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly name: string;
  };
  gateway(options?: SampleGatewayOptions): Promise<SampleGateway>;
}

export async function startSampleNode(): Promise<SampleNode> {
  const fixture = await GatewayFixture.start();
  const { server } = fixture;
  const database = await fixture.database();
  return {
    server,
    database,
    login: { ...fixture.login, host: server.host, port: server.port, name: database },
    gateway: (options) => fixture.gateway(database, options),
    [Symbol.asyncDispose]: () => fixture.remove(),
  };
}
