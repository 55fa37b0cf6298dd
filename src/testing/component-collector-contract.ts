import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import type { ComponentCollector } from '../collectors/component-collector.js';
import type { GatewayFacts } from '../gateway/gateway-facts.js';
import type { ImageEntry } from '../image/image-entry.js';
import { pathFault } from '../image/entry-path.js';
import { contractTest, within, type ContractOptions } from './contract-test.js';
import {
  testCollectorContext,
  testGatewayFacts,
  type TestCollectorContext,
  type TestDatabase,
  type TestMachine,
} from './testing-contexts.js';

/**
 * A collector and the machine that it collects from, fresh for every test.
 *
 * @public
 */
export interface CollectorUnderTest {
  /** What is tested. */
  readonly collector: ComponentCollector;
  /** A machine on which the collector applies and has something to collect. */
  readonly machine: TestMachine;
  /** Facts that differ from {@link testGatewayFacts}. Default: none. */
  readonly facts?: Partial<GatewayFacts> | undefined;
  /** The main database, for a collector that reads it. Default: none. */
  readonly database?: TestDatabase | undefined;
  /** Called after the test. */
  readonly dispose?: (() => Promise<void> | void) | undefined;
}

/**
 * Registers the tests that every collector must pass: what {@link ComponentCollector} promises, put to the proof.
 *
 * @example
 * ```ts
 * declare const collector: ComponentCollector;
 * componentCollectorContract('my collector', async () => {
 *   const machine = await createSampleGateway();
 *   return { collector, machine, dispose: () => machine.remove() };
 * });
 * ```
 *
 * @public
 */
export function componentCollectorContract(
  name: string,
  create: () => Promise<CollectorUnderTest> | CollectorUnderTest,
  options: ContractOptions = {},
): void {
  const test = contractTest(name, create, options);
  const limitMs = options.cancelWithinMs ?? 5_000;

  test('has a component name of lower-case letters, digits and -', ({ collector }) => {
    assert.match(collector.component, /^[a-z][a-z0-9-]*$/u);
    return Promise.resolve();
  });

  test('applies here, and says so twice without changing the facts', ({ collector, machine, facts }) => {
    const frozen = deepFreeze(testGatewayFacts(machine, facts));
    const applicability = collector.applicability(frozen);
    assert.deepEqual(applicability, { applies: true });
    assert.deepEqual(collector.applicability(frozen), applicability);
    return Promise.resolve();
  });

  test('gives entries with safe, different paths and readable content, the same at every call', async (subject) => {
    const first = await collectAll(subject);
    assert.ok(first.size > 0, 'there is something to collect');
    assert.deepEqual([...(await collectAll(subject)).keys()], [...first.keys()]);
  });

  test('gives entries that need not be opened', async (subject) => {
    const paths: string[] = [];
    for await (const entry of subject.collector.collect(contextFor(subject))) paths.push(entry.path);
    assert.ok(paths.length > 0);
  });

  test('can be left after the first entry', async (subject) => {
    const context = contextFor(subject);
    const iterator = subject.collector.collect(context)[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).done, false);
    await within(limitMs, 'leaving', Promise.resolve(iterator.return?.()));
    assert.equal(getEventListeners(context.signal, 'abort').length, 0);
  });

  test('leaves no listener on the signal', async (subject) => {
    const { signal } = new AbortController();
    await collectAll(subject, signal);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test('ends in time when it is cancelled, beforehand or in the middle', async (subject) => {
    await within(
      limitMs,
      'cancelling',
      collectAll(subject, AbortSignal.abort(new Error('stop'))).catch(ignore),
    );
    const controller = new AbortController();
    const collecting = (async () => {
      for await (const entry of subject.collector.collect(contextFor(subject, controller.signal))) {
        controller.abort(new Error('stop'));
        await contentOf(entry);
      }
    })();
    await within(limitMs, 'cancelling', collecting.catch(ignore));
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  });

  test('estimates a size, if it does, that is a number of bytes', async (subject) => {
    const estimate = await subject.collector.estimate?.(contextFor(subject));
    if (estimate !== undefined) assert.ok(Number.isFinite(estimate) && estimate >= 0, String(estimate));
  });

  test('annotates, if it does, with what JSON can carry', async (subject) => {
    const context = contextFor(subject);
    for await (const entry of subject.collector.collect(context)) await contentOf(entry);
    assert.deepEqual(JSON.parse(JSON.stringify(context.annotations)), context.annotations);
  });
}

function contextFor(subject: CollectorUnderTest, signal?: AbortSignal): TestCollectorContext {
  const { machine, facts, database } = subject;
  return testCollectorContext(machine, { facts, database, signal });
}

async function collectAll(subject: CollectorUnderTest, signal?: AbortSignal): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const entry of subject.collector.collect(contextFor(subject, signal))) {
    const { path, placement = 'component' } = entry;
    assert.equal(pathFault(path), undefined, `${path} is safe`);
    const key = `${placement} ${path}`;
    assert.ok(!found.has(key), `${path} comes once only`);
    found.set(key, await contentOf(entry));
  }
  return found;
}

/** How many bytes an entry has; its content is read to the end and closed. */
async function contentOf(entry: ImageEntry): Promise<number> {
  const content = await entry.open();
  let bytes = 0;
  if (content === undefined) return bytes;
  try {
    for await (const chunk of content as AsyncIterable<unknown>) {
      assert.ok(chunk instanceof Uint8Array, `${entry.path} gives bytes`);
      bytes += chunk.length;
    }
  } finally {
    if (content instanceof Readable) content.destroy();
  }
  return bytes;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}

function ignore(): void {
  // Being refused is as good an answer to a cancellation as ending is.
}
