import { caCollector } from './ca-collector.js';
import type { ComponentCollector } from './component-collector.js';
import { configCollector } from './config-collector.js';
import { esmCollector } from './esm-collector.js';
import { extCollector, type ExtCollectorOptions } from './ext-collector.js';
import { maCollector } from './ma-collector.js';
import { osCollector } from './os-collector.js';

/**
 * Options of {@link defaultCollectors}: those of the collectors that have any.
 *
 * @public
 */
export interface DefaultCollectorsOptions {
  /** Library extensions. */
  readonly ext?: ExtCollectorOptions | undefined;
}

/**
 * The collectors of this package, in the order in which they run.
 *
 * @public
 */
export function defaultCollectors({ ext }: DefaultCollectorsOptions = {}): readonly ComponentCollector[] {
  return [configCollector, osCollector, caCollector, maCollector, extCollector(ext), esmCollector];
}
