import { join } from 'node:path';
import type { CollectorContext, JsonValue } from '../collectors/component-collector.js';
import { fileSources } from '../collectors/file-sources.js';
import type { DatabaseSession } from '../database/database-session.js';
import { BackupError } from '../errors.js';
import type { GatewayFacts } from '../gateway/gateway-facts.js';
import type { SinkContext } from '../sinks/image-sink.js';

/**
 * A machine to collect from: a sample Gateway, or folders of one's own.
 *
 * @public
 */
export interface TestMachine {
  /** SECURESPAN. */
  readonly gatewayRoot: string;
  /** Prefix of every other path of the host. */
  readonly hostRoot: string;
}

/**
 * A session, or what opens one that ends with the signal.
 *
 * @public
 */
export type TestDatabase = DatabaseSession | ((signal: AbortSignal) => Promise<DatabaseSession>);

/**
 * What {@link testCollectorContext} can be told.
 *
 * @public
 */
export interface TestCollectorContextOptions {
  /** Default: one that is never aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Facts that differ from {@link testGatewayFacts}. Default: none. */
  readonly facts?: Partial<GatewayFacts> | undefined;
  /** The main database, or how to open it at the first call. Default: none; asking for it is refused. */
  readonly database?: TestDatabase | undefined;
}

/**
 * A collector's context outside of a run, which remembers what it was told.
 *
 * @public
 */
export interface TestCollectorContext extends CollectorContext {
  /** What `warn` was called with. */
  readonly warnings: readonly string[];
  /** What `annotate` was called with, as one. */
  readonly annotations: Readonly<Record<string, JsonValue>>;
}

/**
 * Facts of a plausible Gateway: an appliance with a local database and a stopped Enterprise Service Manager.
 *
 * @example
 * ```ts
 * const facts = testGatewayFacts({ gatewayRoot: '/opt/SecureSpan', hostRoot: '/' }, { isAppliance: false });
 * ```
 *
 * @public
 */
export function testGatewayFacts(machine: TestMachine, changes: Partial<GatewayFacts> = {}): GatewayFacts {
  return {
    gatewayRoot: machine.gatewayRoot,
    hostRoot: machine.hostRoot,
    node: 'Gateway1',
    version: '9.4.00',
    isAppliance: true,
    hasOsManifest: true,
    database: {
      host: 'localhost',
      port: 3306,
      name: 'ssg',
      user: 'gateway',
      local: true,
      address: '127.0.0.1',
      localityExplanation: 'localhost is this machine.',
    },
    esm: { installed: true, running: false },
    warnings: [],
    ...changes,
  };
}

/**
 * What a collector is given in a run, for calling it directly: the files are real, those of the machine.
 *
 * @example
 * ```ts
 * declare const collector: ComponentCollector;
 * await using gateway = await createSampleGateway();
 * const context = testCollectorContext(gateway);
 * for await (const entry of collector.collect(context)) console.log(entry.path);
 * console.log(context.warnings);
 * ```
 *
 * @public
 */
export function testCollectorContext(
  machine: TestMachine,
  options: TestCollectorContextOptions = {},
): TestCollectorContext {
  const { signal = new AbortController().signal, database } = options;
  const { gatewayRoot, hostRoot } = machine;
  const warnings: string[] = [];
  const annotations: Record<string, JsonValue> = {};
  let session: Promise<DatabaseSession> | undefined;
  const warn = (message: string) => {
    warnings.push(message);
  };
  const annotate = (facts: Readonly<Record<string, JsonValue>>) => {
    Object.assign(annotations, facts);
  };
  return {
    gateway: testGatewayFacts(machine, options.facts),
    signal,
    log: () => undefined,
    resolve: (...segments) => join(gatewayRoot, ...segments),
    compressionLevel: 3,
    hostPath: (...segments) => join(hostRoot, ...segments),
    ...fileSources({ gatewayRoot, hostRoot, signal, warn, annotate }),
    database: () => (session ??= openTestDatabase(database, signal)),
    warn,
    annotate,
    warnings,
    annotations,
  };
}

/**
 * A sink's context outside of a run, which remembers what it was told.
 *
 * @public
 */
export interface TestSinkContext extends SinkContext {
  /** What `warn` was called with. */
  readonly warnings: readonly string[];
  /** Every figure that `progress` was called with. */
  readonly progressed: readonly number[];
}

/**
 * What a sink is given in a run, for calling it directly.
 *
 * @param signal - Default: one that is never aborted.
 * @example
 * ```ts
 * declare const sink: ImageSink, image: BackupImage;
 * const context = testSinkContext();
 * await sink.store(image, context);
 * console.log(context.progressed);
 * ```
 *
 * @public
 */
export function testSinkContext(signal: AbortSignal = new AbortController().signal): TestSinkContext {
  const warnings: string[] = [];
  const progressed: number[] = [];
  return {
    signal,
    log: () => undefined,
    progress: (bytes) => {
      progressed.push(bytes);
    },
    warn: (message) => {
      warnings.push(message);
    },
    warnings,
    progressed,
  };
}

async function openTestDatabase(
  database: TestDatabase | undefined,
  signal: AbortSignal,
): Promise<DatabaseSession> {
  // A session listens to its signal as long as it is open; by one of its own, the collector's listeners can be counted.
  if (typeof database === 'function') return database(AbortSignal.any([signal]));
  if (database !== undefined) return database;
  throw new BackupError('DATABASE_UNAVAILABLE', 'this test has no database', {
    stage: 'collect',
    hint: 'Hand a session to testCollectorContext as option database.',
  });
}
