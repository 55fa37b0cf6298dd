import type { DumpableSession } from './dumpable-session.js';

/**
 * Whether the session's user is known to see every table of its database. A table on which a user has no right at all is
 * not listed by the server, so it would be missing without a trace. Rights that come by a role are not looked into and
 * count as enough.
 */
export async function seesWholeSchema(session: DumpableSession): Promise<boolean> {
  const grants = (await session.query('SHOW GRANTS')).map(([grant]) => grant?.toString('utf8') ?? '');
  return grants.some((grant) => {
    const [, rights = '', schema] = /^GRANT (.+?) ON (\*|`(?:[^`]|``)+`)\.\* TO /.exec(grant) ?? [];
    if (schema === undefined) return /^GRANT [^ ]+ TO /.test(grant);
    return /\bALL PRIVILEGES\b|\bSELECT\b/.test(rights) && covers(schema, session.databaseName);
  });
}

/** A database in a grant is a pattern, as after LIKE. */
function covers(schema: string, database: string): boolean {
  if (schema === '*') return true;
  const pattern = schema.slice(1, -1).replaceAll('``', '`');
  const expression = pattern.replace(
    /\\([%_\\])|([%_])|([^])/g,
    (_, escaped?: string, any?: string, sign?: string) => {
      if (any !== undefined) return any === '%' ? '[^]*' : '[^]';
      return (escaped ?? sign ?? '').replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
    },
  );
  return new RegExp(`^${expression}$`, 'iu').test(database);
}
