import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * Whether a database host is this machine, and how that was found.
 *
 * @internal
 */
export interface Locality {
  readonly local: boolean;
  /** The first address that the host resolves to; `undefined` when it does not resolve. */
  readonly address?: string | undefined;
  /** A full sentence for the operator. */
  readonly explanation: string;
  /** For the report, when the host does not resolve. */
  readonly warning?: string | undefined;
}

/**
 * Where {@link isLocalAddress} looks. For tests.
 *
 * @internal
 */
export interface LocalitySources {
  /** The first address of a name. Default: the system's resolver. */
  readonly lookup?: ((host: string) => Promise<string>) | undefined;
  /** The addresses of this machine's interfaces. Default: the operating system's. */
  readonly interfaces?: (() => readonly string[]) | undefined;
}

/**
 * Whether the first address that a host resolves to belongs to one of this machine's interfaces. Never connects and
 * never throws: a host that does not resolve is not local.
 *
 * @internal
 */
export async function isLocalAddress(host: string, sources: LocalitySources = {}): Promise<Locality> {
  const name = host.replace(/^\[(.*)\]$/, '$1');
  const lookup = sources.lookup ?? systemLookup;
  const interfaces = sources.interfaces ?? systemInterfaces;
  let address: string;
  try {
    address = isIP(name) === 0 ? await lookup(name) : name;
  } catch {
    const explanation = `The database host "${host}" cannot be resolved, so it is not taken for this machine.`;
    return { local: false, explanation, warning: explanation };
  }
  const wanted = normalized(address);
  const local = interfaces().some((candidate) => normalized(candidate) === wanted);
  const named =
    name === address ? `The database host ${address}` : `The database host "${host}" (${address})`;
  return {
    local,
    address,
    explanation: local
      ? `${named} is this machine.`
      : `${named} is another machine; the database is backed up on the node that hosts it.`,
  };
}

async function systemLookup(host: string): Promise<string> {
  // "verbatim": the order of the resolver is what the Gateway's own connection follows.
  return (await dnsLookup(host, { verbatim: true })).address;
}

function systemInterfaces(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
}

/** One spelling for each address: all of 127/8 is loopback, `::ffff:a.b.c.d` is a.b.c.d, no zone, no long zeros. */
function normalized(address: string): string {
  const bare = address.replace(/%.*$/, '').toLowerCase();
  const canonical = isIP(bare) === 6 ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare;
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped !== null) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt16BE(Number.parseInt(mapped[1]!, 16), 0);
    bytes.writeUInt16BE(Number.parseInt(mapped[2]!, 16), 2);
    return normalized(bytes.join('.'));
  }
  return isIP(canonical) === 4 && canonical.startsWith('127.') ? '127.0.0.1' : canonical;
}
