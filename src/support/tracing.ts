import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';

/**
 * What is published about a run on `gateway-backup:run`. The result is its `CompletedReport`.
 *
 * @public
 */
export interface TracedRun {
  /** The node's name. */
  readonly node: string;
  /** File name of the image. */
  readonly image: string;
  /** `custom`: only named components are wanted. */
  readonly kind: 'standard' | 'custom';
}

/**
 * What is published about the collection of one component on `gateway-backup:component`. The result has `entries` and
 * `bytes`. A second attempt is published again.
 *
 * @public
 */
export interface TracedComponent {
  /** The component's name. */
  readonly component: string;
}

/**
 * What is published about storing the image on `gateway-backup:store`. The result has the `path`.
 *
 * @public
 */
export interface TracedStore {
  /** The sink's name. */
  readonly sink: string;
  /** File name of the image. */
  readonly image: string;
  /** Its size. */
  readonly bytes: number;
}

/** Publishes the facts when an action starts, and its result or its error when it ends. */
type Tracer<Facts> = <Result>(facts: Facts, action: () => Promise<Result>) => Promise<Result>;

/** Publishes a run: tools for tracing listen to `node:diagnostics_channel` without our knowing them. */
export const traceRun: Tracer<TracedRun> = tracer('gateway-backup:run');

/** Publishes the collection of one component. */
export const traceComponent: Tracer<TracedComponent> = tracer('gateway-backup:component');

/** Publishes the storing of an image. */
export const traceStore: Tracer<TracedStore> = tracer('gateway-backup:store');

function tracer(name: string): Tracer<object> {
  const channel: TracingChannel<unknown, object> = tracingChannel(name);
  // Subscribers find result or error in the object that is published, so it is a new one each time.
  return async (facts, action) => channel.tracePromise(action, { ...facts });
}
