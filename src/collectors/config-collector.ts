import { join } from 'node:path';
import { gatewayLayout } from '../gateway/gateway-layout.js';
import type { ComponentCollector } from './component-collector.js';
import { estimateBytes } from './estimate-bytes.js';

/**
 * The four files of the node's configuration folder that belong to the component `config`.
 *
 * @internal
 */
export const configFileNames = [
  'node.properties',
  'omp.dat',
  'ssglog.properties',
  'system.properties',
] as const;

/**
 * `config`: the node's configuration. A file that is not there is skipped.
 *
 * @internal
 */
export const configCollector: ComponentCollector = {
  component: 'config',
  applicability: () => ({ applies: true }),
  async *collect({ gateway, file }) {
    const { conf } = gatewayLayout(gateway.gatewayRoot, gateway.hostRoot);
    for (const name of configFileNames) {
      const entry = await file(join(conf, name), name);
      if (entry !== undefined) yield entry;
    }
  },
  estimate: (context) => estimateBytes(configCollector.collect(context)),
};
