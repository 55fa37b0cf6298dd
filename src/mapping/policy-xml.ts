import { setImmediate as nextTurn } from 'node:timers/promises';
import { TextDecoder } from 'node:util';
import type { SaxesParser } from 'saxes';
import { throwIfCancelled } from '../support/abort.js';

/**
 * The addresses that a policy routes to by name of its own: `item/@stringValue` under `CustomIpAddresses` in an
 * `HttpRoutingAssertion`.
 *
 * Nothing is expanded and nothing is fetched: a document type is refused. Throws a plain `Error` with the reason for a
 * policy that is not well-formed, not UTF-8, or beyond the limits.
 */
export async function customIpAddresses(
  policy: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  if (policy.length > longestPolicyBytes) throw new Error(`longer than ${longestPolicyBytes} bytes`);
  const found: string[] = [];
  const parser = await addressParser(found);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let offset = 0; offset < policy.length; offset += sliceBytes) {
    if (offset > 0) await nextTurn();
    throwIfCancelled(signal, 'mapping');
    const slice = policy.subarray(offset, offset + sliceBytes);
    parser.write(decoded(decoder, slice, offset + sliceBytes < policy.length));
  }
  parser.close();
  return found;
}

/** More than any column of a Gateway holds. */
const longestPolicyBytes = 64 * 1024 * 1024;
const deepestElement = 10_000;
const sliceBytes = 512 * 1024;
const policyNamespace = 'http://www.layer7tech.com/ws/policy';

async function addressParser(found: string[]): Promise<SaxesParser> {
  // Loaded when it is needed, so that importing this package stays cheap.
  const { SaxesParser } = await import('saxes');
  const parser = new SaxesParser({ xmlns: true, position: false });
  let depth = 0;
  // The depth at which each was entered, outermost first; 0 outside.
  let routing = 0;
  let addresses = 0;
  parser.on('doctype', () => {
    throw new Error('it has a document type, which is refused');
  });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ uri, local, attributes }) => {
    if (++depth > deepestElement) throw new Error(`nested deeper than ${deepestElement} elements`);
    if (uri !== policyNamespace) return;
    if (routing === 0) {
      if (local === 'HttpRoutingAssertion') routing = depth;
    } else if (addresses === 0) {
      if (local === 'CustomIpAddresses') addresses = depth;
    } else if (local === 'item') {
      for (const attribute of Object.values(attributes)) {
        const ours = attribute.uri === '' || attribute.uri === policyNamespace;
        if (ours && attribute.local === 'stringValue') found.push(attribute.value);
      }
    }
  });
  parser.on('closetag', () => {
    if (depth === addresses) addresses = 0;
    if (depth === routing) routing = 0;
    depth--;
  });
  return parser;
}

function decoded(decoder: TextDecoder, slice: Uint8Array, more: boolean): string {
  try {
    return decoder.decode(slice, { stream: more });
  } catch {
    throw new Error('it is not UTF-8');
  }
}
