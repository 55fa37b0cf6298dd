import type { DumpOptions } from '../database/database-dump.js';
import { auditsCollector } from './audits-collector.js';
import type { ComponentCollector } from './component-collector.js';
import type { ExtCollectorOptions } from './ext-collector.js';
import {
  caCollector,
  configCollector,
  esmCollector,
  extCollector,
  maCollector,
  osCollector,
} from './later-collectors.js';
import { maindbCollector } from './maindb-collector.js';

/**
 * Options of {@link defaultCollectors}: those of the collectors that have any.
 *
 * @public
 */
export interface DefaultCollectorsOptions {
  /** Both parts of the database. */
  readonly database?: DumpOptions | undefined;
  /** Library extensions. */
  readonly ext?: ExtCollectorOptions | undefined;
}

/**
 * The collectors of this package, in the order in which they run.
 *
 * @example
 * ```ts
 * declare const site: ComponentCollector;
 * await runBackup({ image: 'node1.zip' }, { collectors: [...defaultCollectors(), site] });
 * ```
 *
 * @public
 */
export function defaultCollectors({
  database,
  ext,
}: DefaultCollectorsOptions = {}): readonly ComponentCollector[] {
  return [
    maindbCollector(database),
    auditsCollector(database),
    configCollector,
    osCollector,
    caCollector,
    maCollector,
    extCollector(ext),
    esmCollector,
  ];
}
