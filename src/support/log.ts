import type createDebug from 'debug';
import { createRequire } from 'node:module';

/**
 * A `printf`-like log function (`%s %d %j %o %O`), silent unless `DEBUG` selects its area.
 *
 * @public
 */
export type Log = (format: string, ...values: unknown[]) => void;

/** What `DEBUG` can select. */
export type LogArea = 'collect' | 'database' | 'image' | 'lock' | 'service' | 'sink';

/**
 * The log of one area, `DEBUG=gateway-backup:<area>`. The only place that knows how logging is done.
 * Never hand it an options object: those hold secrets.
 */
export function logFor(area: LogArea): Log {
  let log: Log | undefined;
  return (format, ...values) => {
    // Loaded with the first line, so that importing this package stays cheap.
    log ??= (require('debug') as typeof createDebug)(`gateway-backup:${area}`);
    log(format, ...values);
  };
}

const require = createRequire(import.meta.url);
