import type { GatewayFacts } from 'gateway-backup';
import { testGatewayFacts } from 'gateway-backup/testing';

/** Facts of an ordinary appliance with a local database; what a test is about is passed in. */
export function gatewayFacts(facts: Partial<GatewayFacts> = {}): GatewayFacts {
  return testGatewayFacts({ gatewayRoot: '/opt/SecureSpan', hostRoot: '/' }, facts);
}

/** The same with the database on another machine. */
export function remoteDatabase(): Pick<GatewayFacts, 'database'> {
  const { database } = gatewayFacts();
  return {
    database: { ...database, host: 'db.example', local: false, localityExplanation: 'db.example is not.' },
  };
}
