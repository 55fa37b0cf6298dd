import { createHash } from 'node:crypto';

/**
 * When failed logins are slowed down.
 *
 * @public
 */
export interface LoginLimits {
  /** Failed logins from one address before it has to wait. Default: 5. */
  readonly failuresPerAddress?: number | undefined;
  /** Failed logins of one user, from all addresses, after which each address has only one try. Default: 50. */
  readonly failuresPerUser?: number | undefined;
  /** How long failures count, in seconds. Default: 60. */
  readonly windowSeconds?: number | undefined;
}

/**
 * What the limiter says to one attempt.
 *
 * @internal
 */
export type LoginPermission =
  | { readonly allowed: true; /** Call exactly once. */ finish(failed: boolean): void }
  | {
      readonly allowed: false;
      readonly retryAfterSeconds: number;
      /** The first refusal of this address in its window: the one to be audited. */
      readonly first: boolean;
    };

interface Count {
  failures: number;
  inFlight: number;
  refused: boolean;
  readonly endsAt: number;
  waiting: (() => void)[] | undefined;
}

// A count takes some 200 bytes: 4 MiB at the most, however many addresses there are.
const maxAddresses = 16_384;
const maxUsers = 4096;

/**
 * Bounds how fast passwords can be guessed, in bounded memory.
 *
 * Refuses by address, never by user: else anybody could lock an administrator out. When one user fails from many
 * addresses, each new address gets one try only. Attempts in flight count as failures until they end, so that a
 * thousand at once get no more tries than a thousand in a row; those in excess wait for the outcome of the others.
 *
 * @internal
 */
export class LoginLimiter {
  readonly #perAddress: number;
  readonly #perUser: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  readonly #addresses = new Map<string, Count>();
  readonly #users = new Map<string, Count>();
  #sweepAt = 0;

  constructor(limits: LoginLimits = {}, now: () => number = () => performance.now()) {
    this.#perAddress = limits.failuresPerAddress ?? 5;
    this.#perUser = limits.failuresPerUser ?? 50;
    this.#windowMs = (limits.windowSeconds ?? 60) * 1000;
    this.#now = now;
  }

  /** Counts that are kept. */
  get size(): number {
    return this.#addresses.size + this.#users.size;
  }

  /** Asks for one attempt. May wait for other attempts from the same address to end. */
  async begin(address: string, login: string): Promise<LoginPermission> {
    const userKey = digestOf(login);
    this.#sweep();
    for (;;) {
      const user = this.#users.get(userKey);
      const count = this.#count(this.#addresses, networkOf(address), maxAddresses);
      const userFailures = user !== undefined && user.endsAt > this.#now() ? user.failures : 0;
      const tries = userFailures >= this.#perUser ? 1 : this.#perAddress;
      if (count.failures >= tries) return this.#refuse(count);
      if (count.failures + count.inFlight < tries) return this.#allow(count, userKey);
      await new Promise<void>((resolve) => (count.waiting ??= []).push(resolve));
    }
  }

  #allow(count: Count, userKey: string): LoginPermission {
    count.inFlight++;
    const finish = (failed: boolean): void => {
      count.inFlight--;
      if (failed) {
        count.failures++;
        this.#count(this.#users, userKey, maxUsers).failures++;
      }
      // All of them: after a success every one may go on, after a failure they may all have to give up.
      const waiting = count.waiting ?? [];
      count.waiting = undefined;
      for (const resume of waiting) resume();
    };
    return { allowed: true, finish };
  }

  #refuse(count: Count): LoginPermission {
    const first = !count.refused;
    count.refused = true;
    return {
      allowed: false,
      retryAfterSeconds: Math.max(1, Math.ceil((count.endsAt - this.#now()) / 1000)),
      first,
    };
  }

  /** Once a window, so that it costs nothing: what an attack has brought in does not stay for ever. */
  #sweep(): void {
    const now = this.#now();
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + this.#windowMs;
    for (const counts of [this.#addresses, this.#users]) {
      for (const [key, { endsAt, inFlight }] of counts) {
        if (endsAt <= now && inFlight === 0) counts.delete(key);
      }
    }
  }

  #count(counts: Map<string, Count>, key: string, limit: number): Count {
    const now = this.#now();
    const known = counts.get(key);
    if (known !== undefined && (known.endsAt > now || known.inFlight > 0)) return known;
    const count = {
      failures: 0,
      inFlight: 0,
      refused: false,
      endsAt: now + this.#windowMs,
      waiting: undefined,
    };
    // Deleted first, so that the map stays in the order in which windows end.
    counts.delete(key);
    counts.set(key, count);
    if (counts.size > limit) makeRoom(counts, limit);
    return count;
  }
}

/** Forgets the oldest counts that nobody waits for. */
function makeRoom(counts: Map<string, Count>, limit: number): void {
  for (const [key, count] of counts) {
    if (count.inFlight === 0) counts.delete(key);
    if (counts.size <= limit) return;
  }
}

/** One host easily has 2^64 addresses of IPv6: what counts is its network. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const groups = address.split('::')[0]!.split(':');
  return `${groups.concat('0', '0', '0').slice(0, 4).join(':')}::/64`;
}

/** A login may be long; its digest is not. */
function digestOf(login: string): string {
  return createHash('sha256').update(login).digest('base64url').slice(0, 22);
}
