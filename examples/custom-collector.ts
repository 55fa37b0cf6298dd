// A component of one's own: what a site keeps beside the Gateway goes into the same image.
//
//   node custom-collector.js [IMAGE [GATEWAY_ROOT [HOST_ROOT]]]
import { fileURLToPath } from 'node:url';
import { bytesEntry, defaultCollectors, runBackup, type ComponentCollector } from 'gateway-backup';

/** The site's own scripts, its message of the day, and a note of who made the image. */
export const siteCollector: ComponentCollector = {
  component: 'site',

  // Pure: decides by what was found out about the machine.
  applicability: (gateway) =>
    gateway.isAppliance
      ? { applies: true }
      : { applies: false, explanation: 'Only an appliance has files of the site.' },

  // Entries are pulled one at a time. An error thrown here, or while a file is read, fails this component alone, and
  // nothing of it stays in the image.
  async *collect({ gateway, resolve, hostPath, files, file, annotate }) {
    yield* files(resolve('Gateway', 'config', 'site'), {
      prefix: 'scripts',
      include: (path, kind) => kind === 'directory' || path.endsWith('.sh'),
    });
    const motd = await file(hostPath('etc', 'motd'), 'motd');
    if (motd !== undefined) yield motd;
    yield bytesEntry('node.txt', `${gateway.node}\n`);
    annotate({ collectedBy: 'custom-collector example' });
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [image = 'node.zip', gatewayRoot = '/opt/SecureSpan', hostRoot = '/'] = process.argv.slice(2);
  const report = await runBackup(
    { image, config: true, components: ['site'] },
    { gatewayRoot, hostRoot, collectors: [...defaultCollectors(), siteCollector] },
  );
  for (const { component, status, entries } of report.components) {
    console.log(`${component}: ${status}, ${entries} entries`);
  }
  console.log(report.image.path);
}
