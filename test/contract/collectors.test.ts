import { defaultCollectors } from 'gateway-backup';
import { componentCollectorContract, createSampleGateway, scriptedCollector } from 'gateway-backup/testing';

for (const collector of defaultCollectors()) {
  // These two read the database; their contract is put to a real one.
  if (collector.component === 'maindb' || collector.component === 'audits') continue;
  componentCollectorContract(`the ${collector.component} collector`, async () => {
    const machine = await createSampleGateway();
    return { collector, machine, dispose: machine.remove };
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
