import { isUtf8 } from 'node:buffer';
import { join, posix } from 'node:path';
import { gatewayLayout } from '../gateway/gateway-layout.js';
import type { ImageEntry } from '../image/image-entry.js';
import { byBytes } from '../support/by-bytes.js';
import { osApplicability } from './applicability.js';
import type { CollectorContext, ComponentCollector } from './component-collector.js';
import { estimateBytes } from './estimate-bytes.js';

/**
 * `os`: the operating system's files that the appliance's own list names. What is not there, or is not a regular file,
 * is skipped.
 *
 * @internal
 */
export const osCollector: ComponentCollector = {
  component: 'os',
  applicability: osApplicability,
  async *collect(context) {
    const { gatewayRoot } = context.gateway;
    for (const path of await listedPaths(context)) {
      const onThisMachine = isBelow(path, gatewayRoot) ? path : context.hostPath(path);
      const entry = await context.file(onThisMachine, path.slice(1));
      if (entry !== undefined) yield entry;
    }
  },
  estimate: (context) => estimateBytes(osCollector.collect(context)),
};

/** The paths of the list, absolute, sorted, each once. */
async function listedPaths({ gateway, file, warn }: CollectorContext): Promise<readonly string[]> {
  const { osManifest } = gatewayLayout(gateway.gatewayRoot, gateway.hostRoot);
  const list = await contentOf(await file(osManifest, 'backup_manifest'));
  const paths = new Set<string>();
  // Byte for byte, for a line that is not UTF-8 must not spoil the others.
  for (const [index, bytes] of list.toString('latin1').split('\n').entries()) {
    const line = Buffer.from(bytes.trim(), 'latin1');
    const text = line.toString('utf8');
    if (text === '' || text.startsWith('#')) continue;
    if (!isUtf8(line)) warn(`${osManifest}, line ${index + 1}: the path is not UTF-8 and was left out.`);
    else if (!text.startsWith('/'))
      warn(`${osManifest}, line ${index + 1}: ${text} is not absolute and was left out.`);
    else paths.add(posix.normalize(text));
  }
  return [...paths].sort(byBytes);
}

async function contentOf(entry: ImageEntry | undefined): Promise<Buffer> {
  const content = await entry?.open();
  if (content === undefined) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(join(folder, '/'));
}
