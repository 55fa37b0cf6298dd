import { gatewayLayout } from '../gateway/gateway-layout.js';
import type { ComponentCollector } from './component-collector.js';
import { estimateBytes } from './estimate-bytes.js';

/**
 * `ma`: modular assertions.
 *
 * @internal
 */
export const maCollector: ComponentCollector = {
  component: 'ma',
  applicability: () => ({ applies: true }),
  async *collect({ gateway, files }) {
    const { assertions } = gatewayLayout(gateway.gatewayRoot, gateway.hostRoot);
    yield* files(assertions, {
      recursive: false,
      include: (name) => name.endsWith('.aar') || name.endsWith('.jar'),
    });
  },
  estimate: (context) => estimateBytes(maCollector.collect(context)),
};
