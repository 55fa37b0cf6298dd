import createDebug from 'debug';

/**
 * A `printf`-like log function (`%s %d %j %o %O`), silent unless `DEBUG` selects its area.
 *
 * @public
 */
export type Log = (format: string, ...values: unknown[]) => void;

export type LogArea =
  | 'plan'
  | 'gateway'
  | 'collect'
  | 'database'
  | 'image'
  | 'sink'
  | 'ftp'
  | 'mapping'
  | 'lock'
  | 'service'
  | 'verify';

/**
 * The log of one area, `DEBUG=gateway-backup:<area>`. The only place that knows how logging is done.
 * Never hand it an options object: those hold secrets.
 */
export function logFor(area: LogArea): Log {
  return createDebug(`gateway-backup:${area}`);
}
