import { open } from 'node:fs/promises';
import { errnoOf } from './errno.js';

// A folder cannot be opened, or not be synced, on Windows and on some network file systems; their renames have no such
// step to wait for.
const unsupported = new Set(['EISDIR', 'EPERM', 'EINVAL', 'ENOTSUP', 'EBADF']);

/** Makes a rename in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!unsupported.has(errnoOf(error) ?? '')) throw error;
  }
}
