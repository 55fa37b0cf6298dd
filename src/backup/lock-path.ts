import { createHash } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DetectedGateway } from '../gateway/detect-gateway.js';

/**
 * Where the lock of a node lies: in the Gateway's own backup folder, so that every program and every mount of the
 * machine sees it, or, where that cannot be written, in the folder for temporary files under a name made from the root.
 */
export async function lockPath({ layout, facts }: DetectedGateway): Promise<string> {
  try {
    await access(dirname(layout.runLock), constants.W_OK);
    return layout.runLock;
  } catch {
    const digest = createHash('sha256').update(facts.gatewayRoot).digest('hex').slice(0, 16);
    return join(tmpdir(), `gateway-backup-${digest}.lock`);
  }
}
