import type { GatewayFacts } from 'gateway-backup';

/** Facts of an ordinary appliance with a local database; what a test is about is passed in. */
export function gatewayFacts(facts: Partial<GatewayFacts> = {}): GatewayFacts {
  return {
    gatewayRoot: '/opt/SecureSpan',
    hostRoot: '/',
    node: 'node1',
    version: '9.4.00',
    isAppliance: true,
    hasOsManifest: true,
    database: {
      host: 'localhost',
      port: 3306,
      name: 'ssg',
      user: 'gateway',
      local: true,
      localityExplanation: 'localhost is this machine.',
    },
    esm: { installed: true, running: false },
    warnings: [],
    ...facts,
  };
}

/** The same with the database on another machine. */
export function remoteDatabase(): Pick<GatewayFacts, 'database'> {
  const { database } = gatewayFacts();
  return {
    database: { ...database, host: 'db.example', local: false, localityExplanation: 'db.example is not.' },
  };
}
