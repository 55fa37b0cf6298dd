import type { OpenDatabaseSession } from '../database/database-session.js';

/**
 * The main database of one run: opened when first asked for, so that everything is read from one snapshot, and opened
 * anew only for the second attempt of a component, or when the failure of another one has spoiled it.
 */
export class RunDatabase implements AsyncDisposable {
  readonly #open: () => Promise<OpenDatabaseSession>;
  #session: Promise<OpenDatabaseSession> | undefined;

  constructor(open: () => Promise<OpenDatabaseSession>) {
    this.#open = open;
  }

  /** The session. One that could not be opened stays refused for the run: every component gets the same answer. */
  async session(): Promise<OpenDatabaseSession> {
    const current = await this.#session;
    if (current?.usable === true) return current;
    await this.close();
    this.#session = this.#open();
    return this.#session;
  }

  /** Gives up the session, so that the next call opens another; false when none was ever opened. */
  async reset(): Promise<boolean> {
    const session = await this.#session?.catch(() => undefined);
    if (session === undefined) return false;
    await this.close();
    return true;
  }

  async close(): Promise<void> {
    const opening = this.#session;
    this.#session = undefined;
    await (await opening?.catch(() => undefined))?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
