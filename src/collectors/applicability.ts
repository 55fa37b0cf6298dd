import type { GatewayFacts } from '../gateway/gateway-facts.js';
import { gatewayLayout } from '../gateway/gateway-layout.js';
import type { Applicability } from './component-collector.js';

/** The database is backed up on the node that hosts it. */
export function databaseApplicability({ database }: GatewayFacts): Applicability {
  return database.local ? { applies: true } : { applies: false, explanation: database.localityExplanation };
}

/** Only an appliance has the list of its operating system's files. */
export function osApplicability({
  gatewayRoot,
  hostRoot,
  isAppliance,
  hasOsManifest,
}: GatewayFacts): Applicability {
  const { appliance, osManifest } = gatewayLayout(gatewayRoot, hostRoot);
  if (!isAppliance) {
    return { applies: false, explanation: `This is not an appliance: there is no folder ${appliance}.` };
  }
  if (!hasOsManifest) {
    return { applies: false, explanation: `The list of operating-system files is missing: ${osManifest}.` };
  }
  return { applies: true };
}

/** A running one would change under the reader. */
export function esmApplicability({ gatewayRoot, hostRoot, esm }: GatewayFacts): Applicability {
  if (!esm.installed) {
    const folder = gatewayLayout(gatewayRoot, hostRoot).esm;
    return {
      applies: false,
      explanation: `The Enterprise Service Manager is not installed: there is no folder ${folder}.`,
    };
  }
  if (esm.running) {
    const process = esm.pid === undefined ? '' : ` as process ${esm.pid}`;
    return {
      applies: false,
      explanation: `The Enterprise Service Manager is running${process}. Stop it before it is backed up.`,
    };
  }
  return { applies: true };
}
