import { after, before } from 'node:test';
import { defaultCollectors, openDatabaseSession, Secret, type OpenDatabaseSession } from 'gateway-backup';
import { componentCollectorContract, createSampleGateway, scriptedCollector } from 'gateway-backup/testing';
import { GatewayFixture } from '../support/gateway-fixture.js';

let fixture: GatewayFixture;
let database: string;
before(async () => {
  fixture = await GatewayFixture.start();
  database = await fixture.database();
});
after(() => fixture.remove());

for (const collector of defaultCollectors()) {
  componentCollectorContract(`the ${collector.component} collector`, async () => {
    const machine = await createSampleGateway();
    const opened: OpenDatabaseSession[] = [];
    return {
      collector,
      machine,
      database: async (signal) => {
        const { server, login } = fixture;
        const { host, port } = server;
        const { user, password } = login;
        const session = await openDatabaseSession(
          { host, port, name: database, user, password: new Secret(password) },
          { signal },
        );
        opened.push(session);
        return session;
      },
      dispose: async () => {
        for (const session of opened) await session.close();
        await machine.remove();
      },
    };
  });
}

componentCollectorContract('scriptedCollector', () => ({
  collector: scriptedCollector('scripted', [
    { entry: 'one.txt', content: 'one' },
    {
      act: ({ annotate }) => {
        annotate({ one: [1, null] });
      },
    },
    { entry: 'two/three.bin', content: Uint8Array.of(2, 3) },
  ]),
  machine: { gatewayRoot: '/nowhere', hostRoot: '/nowhere' },
}));
