import { createHmac, randomBytes } from 'node:crypto';
import { BackupError } from '../../errors.js';
import type { Secret } from '../../secrets/secret.js';
import { WorkQueue } from './work-queue.js';

// Slow hashes are slow on purpose. Two at once leave a thread of the pool, and a core, for everything else, and bound the
// memory that scrypt takes.
const checksAtOnce = 2;
const maxWaitingChecks = 64;

const rememberedMs = 5 * 60_000;
const maxRemembered = 256;

/**
 * Spreads the cost of slow password hashes: a bounded number at once, the same check only once at a time, and a password
 * that was right is remembered for five minutes, as a keyed digest that is worth nothing outside this process.
 *
 * @internal
 */
export class PasswordVerifier {
  readonly #key = randomBytes(32);
  readonly #queue = new WorkQueue(checksAtOnce, maxWaitingChecks);
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #right = new Map<string, number>();

  /**
   * The result of `check`, or what it was a moment ago for the same login, password and stored hash. A changed hash is
   * checked anew. Throws `BUSY` with the reason `too-many-logins` when too many checks are waiting.
   */
  async verify(
    login: string,
    password: Secret,
    stored: string | undefined,
    check: () => Promise<boolean>,
  ): Promise<boolean> {
    const digest = this.#digest(login, password, stored);
    const rememberedUntil = this.#right.get(digest);
    if (rememberedUntil !== undefined && rememberedUntil > performance.now()) return true;
    const running = this.#running.get(digest) ?? this.#start(digest, check);
    return running;
  }

  #digest(login: string, password: Secret, stored = ''): string {
    const hmac = createHmac('sha256', this.#key);
    for (const part of [login, password.reveal(), stored]) hmac.update(`${part.length}:${part}`, 'utf8');
    return hmac.digest('base64');
  }

  async #start(digest: string, check: () => Promise<boolean>): Promise<boolean> {
    if (this.#queue.full) {
      throw new BackupError('BUSY', 'Too many logins are being checked at once.', {
        stage: 'service',
        reason: 'too-many-logins',
        retryable: true,
      });
    }
    const running = this.#queue.run(check);
    this.#running.set(digest, running);
    try {
      const right = await running;
      if (right) this.#remember(digest);
      return right;
    } finally {
      this.#running.delete(digest);
    }
  }

  #remember(digest: string): void {
    this.#right.delete(digest);
    this.#right.set(digest, performance.now() + rememberedMs);
    if (this.#right.size > maxRemembered) this.#right.delete(this.#right.keys().next().value!);
  }
}
