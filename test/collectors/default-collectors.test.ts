import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultCollectors } from 'gateway-backup';
import { caCollector } from '#dist/collectors/ca-collector.js';
import { configCollector } from '#dist/collectors/config-collector.js';
import { esmCollector } from '#dist/collectors/esm-collector.js';
import { extCollector } from '#dist/collectors/ext-collector.js';
import { maCollector } from '#dist/collectors/ma-collector.js';
import { osCollector } from '#dist/collectors/os-collector.js';
import { gatewayFacts } from '../support/gateway-facts.js';

const collectors = [configCollector, osCollector, caCollector, maCollector, extCollector(), esmCollector];

for (const collector of collectors) {
  const { component } = collector;
  test(`${component} among the default collectors applies where its own collector does`, () => {
    const [ours, ...more] = defaultCollectors().filter((other) => other.component === component);
    assert.deepEqual(more, []);
    const installed = { installed: true, running: false };
    const gateways = [
      gatewayFacts(),
      gatewayFacts({ isAppliance: true, hasOsManifest: true, esm: installed }),
      gatewayFacts({ isAppliance: true, hasOsManifest: false, esm: { ...installed, running: true } }),
      gatewayFacts({ isAppliance: false, esm: { installed: false, running: false } }),
    ];
    for (const gateway of gateways) {
      assert.deepEqual(ours?.applicability(gateway), collector.applicability(gateway));
    }
  });
}
