import { gatewayLayout } from '../gateway/gateway-layout.js';
import type { ComponentCollector } from './component-collector.js';
import { configFileNames } from './config-collector.js';
import { estimateBytes } from './estimate-bytes.js';

/**
 * `ca`: custom assertions, which are libraries, and their property files beside the node's configuration.
 *
 * @internal
 */
export const caCollector: ComponentCollector = {
  component: 'ca',
  applicability: () => ({ applies: true }),
  async *collect({ gateway, files }) {
    const { conf, modulesLib } = gatewayLayout(gateway.gatewayRoot, gateway.hostRoot);
    yield* files(conf, {
      recursive: false,
      include: (name) => name.endsWith('.properties') && !belongsToConfig(name),
    });
    yield* files(modulesLib, { recursive: false, include: (name) => name.endsWith('.jar') });
  },
  estimate: (context) => estimateBytes(caCollector.collect(context)),
};

function belongsToConfig(name: string): boolean {
  return configFileNames.some((configFile) => configFile === name);
}
