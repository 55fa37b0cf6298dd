import { join, posix } from 'node:path';
import { gatewayLayout } from '../gateway/gateway-layout.js';
import type { ImageEntry } from '../image/image-entry.js';
import type { ComponentCollector } from './component-collector.js';
import { estimateBytes } from './estimate-bytes.js';
import { rpmOwners, RPM_TIMEOUT_MS, type RpmOwnerOptions } from './rpm-owner.js';

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
      const packages = new GatewayPackages(libExt, { program: rpmProgram, timeoutMs: rpmTimeoutMs, signal });
      for await (const group of groups(files(libExt))) {
        const vendor = await packages.filesAmong(group);
        for (const entry of group) {
          if (vendor.has(entry)) log('%s belongs to the gateway: left out', entry.path);
          else yield entry;
        }
      }
    },
    estimate: ({ gateway, files }) =>
      estimateBytes(files(gatewayLayout(gateway.gatewayRoot, gateway.hostRoot).libExt)),
  };
}

/** Files that rpm is asked about at once, so that the first can be read before the last is listed. */
const GROUP_FILES = 512;

async function* groups(entries: AsyncIterable<ImageEntry>): AsyncGenerator<readonly ImageEntry[], void> {
  let group: ImageEntry[] = [];
  for await (const entry of entries) {
    group.push(entry);
    if (group.length < GROUP_FILES) continue;
    yield group;
    group = [];
  }
  yield group;
}

/** Knows which JMS libraries the gateway's own packages brought. */
class GatewayPackages {
  readonly #folder: string;
  readonly #options: RpmOwnerOptions & { readonly timeoutMs: number };
  #askedMs = 0;

  constructor(folder: string, { timeoutMs = RPM_TIMEOUT_MS, ...options }: RpmOwnerOptions) {
    this.#folder = folder;
    this.#options = { ...options, timeoutMs };
  }

  async filesAmong(entries: readonly ImageEntry[]): Promise<ReadonlySet<ImageEntry>> {
    const suspects = new Map<string, ImageEntry>();
    for (const entry of entries) {
      // rpm has no names that are not UTF-8, so no package owns such a file.
      const { originalName, path } = entry;
      const name = originalName === undefined ? path : Buffer.from(originalName).toString('utf8');
      if (posix.basename(name).startsWith('jms')) suspects.set(join(this.#folder, name), entry);
    }
    const vendor = new Set<ImageEntry>();
    if (suspects.size === 0) return vendor;
    for (const [path, packages] of await this.#ownersOf([...suspects.keys()])) {
      const entry = suspects.get(path);
      if (entry !== undefined && packages.some((name) => name.startsWith('ssg'))) vendor.add(entry);
    }
    return vendor;
  }

  async #ownersOf(paths: readonly string[]): ReturnType<typeof rpmOwners> {
    const startedAt = performance.now();
    const timeoutMs = Math.max(1, this.#options.timeoutMs - this.#askedMs);
    const owners = await rpmOwners(paths, { ...this.#options, timeoutMs });
    this.#askedMs += performance.now() - startedAt;
    return owners;
  }
}
