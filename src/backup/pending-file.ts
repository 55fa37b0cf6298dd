import { randomUUID } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../support/sync-folder.js';
import { checkNameIsFree } from '../support/target-file.js';

/** A small file that is whole on disk under a temporary name, mode 0600, until it is published or discarded. */
export class PendingFile implements AsyncDisposable {
  readonly path: string;
  readonly #temporary: string;

  private constructor(path: string, temporary: string) {
    this.path = path;
    this.#temporary = temporary;
  }

  static async write(path: string, text: string): Promise<PendingFile> {
    const pending = new PendingFile(path, join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`));
    const handle = await open(pending.#temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } catch (error) {
      await pending[Symbol.asyncDispose]();
      throw error;
    } finally {
      await handle.close();
    }
    return pending;
  }

  /** Gives the file its name; never overwrites. */
  async publish(): Promise<void> {
    await checkNameIsFree(this.path, 'mapping');
    await rename(this.#temporary, this.path);
    await syncFolder(dirname(this.path));
  }

  /** Removes what was not published. */
  async [Symbol.asyncDispose](): Promise<void> {
    await unlink(this.#temporary).catch(() => undefined);
  }
}
