import type { GatewayFacts } from '../gateway/gateway-facts.js';
import { esmApplicability, osApplicability } from './applicability.js';
import type { Applicability, BuiltInComponent, ComponentCollector } from './component-collector.js';
import type { ExtCollectorOptions } from './ext-collector.js';

// The collectors of files, of which only whether they apply has to be known before they begin.

/** As in config-collector.ts. */
export const configCollector = later('config', always, async () => {
  return (await import('./config-collector.js')).configCollector;
});

/** As in os-collector.ts. */
export const osCollector = later('os', osApplicability, async () => {
  return (await import('./os-collector.js')).osCollector;
});

/** As in ca-collector.ts. */
export const caCollector = later('ca', always, async () => (await import('./ca-collector.js')).caCollector);

/** As in ma-collector.ts. */
export const maCollector = later('ma', always, async () => (await import('./ma-collector.js')).maCollector);

/** As in ext-collector.ts. */
export function extCollector(options?: ExtCollectorOptions): ComponentCollector {
  return later('ext', always, async () => (await import('./ext-collector.js')).extCollector(options));
}

/** As in esm-collector.ts. */
export const esmCollector = later('esm', esmApplicability, async () => {
  return (await import('./esm-collector.js')).esmCollector;
});

/** A collector that is loaded when it has something to do, so that importing this package stays cheap. */
function later(
  component: BuiltInComponent,
  applicability: (gateway: GatewayFacts) => Applicability,
  load: () => Promise<ComponentCollector>,
): ComponentCollector {
  return {
    component,
    applicability,
    async *collect(context) {
      yield* (await load()).collect(context);
    },
    estimate: async (context) => (await load()).estimate!(context),
  };
}

function always(): Applicability {
  return { applies: true };
}
