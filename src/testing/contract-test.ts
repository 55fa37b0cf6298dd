import { test } from 'node:test';

/**
 * The one thing that the contract suites need of a test runner: a function that registers a test under a title. That of
 * `node:test`, vitest, jest and mocha will do.
 *
 * @public
 */
export type RegisterTest = (title: string, run: () => Promise<void>) => unknown;

/**
 * Options of the contract suites.
 *
 * @public
 */
export interface ContractOptions {
  /** Default: that of `node:test`. */
  readonly test?: RegisterTest | undefined;
  /** Longest time that cancelling may take. Default: 5,000. */
  readonly cancelWithinMs?: number | undefined;
}

/** The function that registers tests, each with a fresh subject that is removed afterwards. */
export function contractTest<Subject extends { readonly dispose?: (() => Promise<void> | void) | undefined }>(
  name: string,
  create: () => Promise<Subject> | Subject,
  options: ContractOptions,
): (title: string, run: (subject: Subject) => Promise<void>) => void {
  const register: RegisterTest = options.test ?? ((title, run) => test(title, run));
  return (title, run) => {
    register(`${name}: ${title}`, async () => {
      const subject = await create();
      try {
        await run(subject);
      } finally {
        await subject.dispose?.();
      }
    });
  };
}

/** Rejects when an action takes longer than it may: a hang is a failure, not a slow test. */
export async function within<T>(limitMs: number, what: string, action: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} took longer than ${limitMs} ms`));
    }, limitMs);
  });
  try {
    return await Promise.race([action, limit]);
  } finally {
    clearTimeout(timer);
  }
}
