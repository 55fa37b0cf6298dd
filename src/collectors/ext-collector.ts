import { join, posix } from 'node:path';
import { gatewayLayout } from '../gateway/gateway-layout.js';
import type { ImageEntry } from '../image/image-entry.js';
import type { ComponentCollector } from './component-collector.js';
import { estimateBytes } from './estimate-bytes.js';
import type { RpmOwnerOptions } from './rpm-owner.js';

/**
 * Options of the built-in collector `ext`.
 *
 * @public
 */
export interface ExtCollectorOptions {
  /** The rpm program. Default: `rpm`, found in the system's own folders. */
  readonly rpmProgram?: string | undefined;
  /** Limit for all questions to rpm together, milliseconds. Default: 30,000. */
  readonly rpmTimeoutMs?: number | undefined;
}

/**
 * `ext`: library extensions, but not the JMS libraries that the gateway's own packages brought.
 *
 * Who owns a file is asked of this machine's rpm by the file's path as it is here. For a gateway that is mounted from
 * another machine give an `rpmProgram` that asks that machine's database.
 *
 * @internal
 */
export function extCollector({ rpmProgram, rpmTimeoutMs }: ExtCollectorOptions = {}): ComponentCollector {
  return {
    component: 'ext',
    applicability: () => ({ applies: true }),
    async *collect({ gateway, files, signal, log }) {
      const { libExt } = gatewayLayout(gateway.gatewayRoot, gateway.hostRoot);
      const entries: ImageEntry[] = [];
      for await (const entry of files(libExt)) entries.push(entry);
      const vendor = await vendorFiles(libExt, entries, {
        program: rpmProgram,
        timeoutMs: rpmTimeoutMs,
        signal,
      });
      // Each is let go as it is given out: there may be tens of thousands.
      entries.reverse();
      for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
        if (vendor.has(entry)) log('%s belongs to the gateway: left out', entry.path);
        else yield entry;
      }
    },
    estimate: ({ gateway, files }) =>
      estimateBytes(files(gatewayLayout(gateway.gatewayRoot, gateway.hostRoot).libExt)),
  };
}

async function vendorFiles(
  folder: string,
  entries: readonly ImageEntry[],
  options: RpmOwnerOptions,
): Promise<ReadonlySet<ImageEntry>> {
  const suspects = new Map<string, ImageEntry>();
  for (const entry of entries) {
    // rpm has no names that are not UTF-8, so no package owns such a file.
    const { originalName, path } = entry;
    const name = originalName === undefined ? path : Buffer.from(originalName).toString('utf8');
    if (posix.basename(name).startsWith('jms')) suspects.set(join(folder, name), entry);
  }
  // Loaded when it is needed, so that importing this package stays cheap.
  const { rpmOwners } = await import('./rpm-owner.js');
  const owners = await rpmOwners([...suspects.keys()], options);
  const vendor = new Set<ImageEntry>();
  for (const [path, packages] of owners) {
    const entry = suspects.get(path);
    if (entry !== undefined && packages.some((name) => name.startsWith('ssg'))) vendor.add(entry);
  }
  return vendor;
}
