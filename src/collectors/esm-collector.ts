import { join } from 'node:path';
import { BackupError } from '../errors.js';
import { gatewayLayout } from '../gateway/gateway-layout.js';
import { esmApplicability } from './applicability.js';
import type { ComponentCollector } from './component-collector.js';
import { estimateBytes } from './estimate-bytes.js';

/**
 * `esm`: configuration and database of the Enterprise Service Manager. Its licence is inside the database.
 *
 * @internal
 */
export const esmCollector: ComponentCollector = {
  component: 'esm',
  applicability: esmApplicability,
  async *collect({ gateway, files, file }) {
    const { esm } = gatewayLayout(gateway.gatewayRoot, gateway.hostRoot);
    yield* files(join(esm, 'etc'), { prefix: 'etc' });
    yield* files(join(esm, 'var', 'db'), { prefix: 'var/db', include: (path) => path !== 'derby.log' });
    const emConfig = join(esm, 'var', 'emconfig.properties');
    const entry = await file(emConfig, 'var/emconfig.properties');
    if (entry === undefined) {
      throw new BackupError('SOURCE_UNREADABLE', `${emConfig} is missing, or is not a regular file`, {
        stage: 'collect',
        reason: 'missing',
        hint: 'The Enterprise Service Manager cannot be restored without it. Was it ever configured?',
      });
    }
    yield entry;
  },
  estimate: (context) => estimateBytes(esmCollector.collect(context)),
};
