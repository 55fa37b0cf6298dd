import type { BuiltInComponent, ComponentCollector } from './component-collector.js';
import type { ExtCollectorOptions } from './ext-collector.js';

// Collectors for what lies on every gateway: since they always apply, nothing of them has to be known before they begin.

/** As in config-collector.ts. */
export const configCollector = later('config', async () => {
  return (await import('./config-collector.js')).configCollector;
});

/** As in ca-collector.ts. */
export const caCollector = later('ca', async () => (await import('./ca-collector.js')).caCollector);

/** As in ma-collector.ts. */
export const maCollector = later('ma', async () => (await import('./ma-collector.js')).maCollector);

/** As in ext-collector.ts. */
export function extCollector(options?: ExtCollectorOptions): ComponentCollector {
  return later('ext', async () => (await import('./ext-collector.js')).extCollector(options));
}

/** A collector that is loaded when it has something to do, so that importing this package stays cheap. */
function later(component: BuiltInComponent, load: () => Promise<ComponentCollector>): ComponentCollector {
  return {
    component,
    applicability: () => ({ applies: true }),
    async *collect(context) {
      yield* (await load()).collect(context);
    },
    estimate: async (context) => (await load()).estimate!(context),
  };
}
