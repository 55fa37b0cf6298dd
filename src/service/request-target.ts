/** Longest request target that is looked at, in characters. */
const maxTargetLength = 2048;

/**
 * What a request asks for, read from its raw target.
 *
 * @internal
 */
export type RequestTarget =
  | { readonly kind: 'page' }
  | { readonly kind: 'backup'; readonly node: string; readonly includeAudits: boolean }
  /** No node can be meant by this: an unreadable, repeated or unknown parameter. */
  | { readonly kind: 'malformed'; readonly explanation: string }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'too-long' };

/**
 * Takes a raw request target apart by hand. WHATWG `URL` is not used on purpose: it reads `//evil/ssg/backup` and absolute
 * targets as another host, and resolves dots and slashes.
 *
 * @internal
 */
export function parseRequestTarget(target: string, servicePath: string): RequestTarget {
  if (target.length > maxTargetLength) return { kind: 'too-long' };
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  if (path !== servicePath) return { kind: 'elsewhere' };
  return mark === -1 ? { kind: 'page' } : parseQuery(target.slice(mark + 1));
}

function parseQuery(query: string): RequestTarget {
  const values = new Map<string, string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1));
    if (name === undefined || value === undefined) return malformed('a parameter is not valid UTF-8');
    // A misspelt name must not pass in silence: `audit=true` would give an image without audits.
    if (name !== 'node' && name !== 'audits') return malformed('the only parameters are node and audits');
    if (values.has(name)) return malformed(`the parameter ${name} is repeated`);
    values.set(name, value);
  }
  const node = values.get('node');
  if (node === undefined) return { kind: 'page' };
  return { kind: 'backup', node, includeAudits: values.get('audits')?.toLowerCase() === 'true' };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function malformed(explanation: string): RequestTarget {
  return { kind: 'malformed', explanation };
}
