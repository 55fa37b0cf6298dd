/** What node.properties says of the main database. */
export interface MainDatabaseProperties {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  /** As written: plain, or in one of the encrypted forms. */
  readonly password: string | undefined;
}

const prefix = 'node.db.config.';

/**
 * Finds the main database among the configurations of node.properties: those named in `node.db.configs`, else `main`.
 * A configuration inherits from the one its `inheritFrom` names. One of type `REPL_MASTER` is taken first, then `main`,
 * then any other; one of type `REPL_SLAVE` never.
 *
 * @returns `undefined` when no usable configuration is there.
 * @throws RangeError for a port that is none.
 */
export function mainDatabase(properties: ReadonlyMap<string, string>): MainDatabaseProperties | undefined {
  const candidates = configurationNames(properties)
    .map((name) => ({ name, type: properties.get(`${prefix}${name}.type`)?.trim() }))
    .filter(({ type }) => type !== 'REPL_SLAVE')
    .sort((a, b) => rank(a) - rank(b));
  for (const { name } of candidates) {
    const get = (key: string): string | undefined => inherited(properties, name, key);
    const host = get('host')?.trim();
    const database = get('name')?.trim();
    const user = get('user')?.trim();
    if (!host || !database || !user) continue;
    return { host, port: port(get('port'), name), name: database, user, password: get('pass') };
  }
  return undefined;
}

function configurationNames(properties: ReadonlyMap<string, string>): string[] {
  const listed = (properties.get('node.db.configs') ?? '').split(',').map((name) => name.trim());
  // A master may stand in a file whose list was never written, and the list may omit what others inherit from.
  const names = new Set(listed.filter((name) => name !== ''));
  if (names.size === 0) names.add('main');
  return [...names];
}

function rank({ name, type }: { name: string; type: string | undefined }): number {
  if (type === 'REPL_MASTER') return 0;
  return name === 'main' ? 1 : 2;
}

function inherited(properties: ReadonlyMap<string, string>, name: string, key: string): string | undefined {
  const seen = new Set<string>();
  let current: string | undefined = name;
  while (current !== undefined && current !== '' && !seen.has(current)) {
    seen.add(current);
    const value = properties.get(`${prefix}${current}.${key}`);
    if (value !== undefined) return value;
    current = properties.get(`${prefix}${current}.inheritFrom`)?.trim();
  }
  return undefined;
}

function port(text: string | undefined, name: string): number {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') return 3306;
  const number = Number(trimmed);
  if (!/^\d+$/.test(trimmed) || number < 1 || number > 65_535) {
    throw new RangeError(`${prefix}${name}.port is not a port: ${trimmed}`);
  }
  return number;
}
