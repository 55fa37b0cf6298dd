import { join } from 'node:path';
import type { CollectorContext, ComponentName } from '../collectors/component-collector.js';
import { fileSources } from '../collectors/file-sources.js';
import type { SourceReader } from '../collectors/source-reader.js';
import type { GatewayFacts } from '../gateway/gateway-facts.js';
import { logFor } from '../support/log.js';
import type { RunDatabase } from './run-database.js';

const log = logFor('collect');

export interface CollectorContextOptions extends Pick<CollectorContext, 'annotate' | 'warn'> {
  readonly component: ComponentName;
  readonly gateway: GatewayFacts;
  readonly signal: AbortSignal;
  readonly database: RunDatabase;
  readonly compressionLevel: number;
  readonly reader?: SourceReader | undefined;
}

/** The context of one attempt of one component. */
export function collectorContext(options: CollectorContextOptions): CollectorContext {
  const { component, gateway, signal, database, compressionLevel, reader, warn, annotate } = options;
  const { gatewayRoot, hostRoot } = gateway;
  return {
    gateway,
    signal,
    log: (format, ...values) => {
      log(`%s: ${format}`, component, ...values);
    },
    resolve: (...segments) => join(gatewayRoot, ...segments),
    hostPath: (...segments) => join(hostRoot, ...segments),
    ...fileSources({ gatewayRoot, hostRoot, signal, warn, annotate, reader }),
    database: () => database.session(),
    compressionLevel,
    warn,
    annotate,
  };
}
