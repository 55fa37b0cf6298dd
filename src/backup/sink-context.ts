import type { SinkContext } from '../sinks/image-sink.js';
import { logFor } from '../support/log.js';

const log = logFor('sink');

/** What a sink is given, silent where nobody listens. */
export function sinkContext(
  signal: AbortSignal,
  { progress, warn }: Partial<Pick<SinkContext, 'progress' | 'warn'>> = {},
): SinkContext {
  return { signal, log, progress: progress ?? (() => undefined), warn: warn ?? (() => undefined) };
}
