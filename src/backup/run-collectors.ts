import type {
  CollectorContext,
  ComponentCollector,
  ComponentName,
  JsonValue,
} from '../collectors/component-collector.js';
import { BackupError, isBackupError } from '../errors.js';
import type { ImageEntry } from '../image/image-entry.js';
import type { ZipImageWriter } from '../image/zip-image-writer.js';
import type { BackupPlan, PlannedComponent } from '../plan/backup-plan.js';
import type { ComponentReport } from '../report.js';
import { throwIfCancelled } from '../support/abort.js';
import type { Log } from '../support/log.js';
import { isObject } from '../support/is-object.js';
import { messageOf } from '../support/message-of.js';
import { traceComponent } from '../support/tracing.js';
import type { EventEmitter } from './event-emitter.js';
import type { RunDatabase } from './run-database.js';

/** What the loop over the plan works with. */
export interface RunCollectorsOptions {
  readonly plan: BackupPlan;
  readonly collectors: readonly ComponentCollector[];
  readonly writer: ZipImageWriter;
  readonly database: RunDatabase;
  readonly contextFor: (component: ComponentName, annotate: CollectorContext['annotate']) => CollectorContext;
  readonly haltOnFirstFailure: boolean;
  readonly signal: AbortSignal;
  readonly emitter: EventEmitter;
  readonly log: Log;
  readonly now: () => number;
  /** Filled as the loop goes, so that a run that stops can still say what was done. */
  readonly reports: ComponentReport[];
}

/** What a component wrote about itself for `backup.json`. */
export type ComponentAnnotations = ReadonlyMap<ComponentName, Readonly<Record<string, JsonValue>>>;

/**
 * Collects the planned components one after the other. One that fails leaves nothing in the image and does not touch
 * the others, unless the run is to halt.
 *
 * @throws BackupError `COMPONENT_FAILED` when the run is to halt or nothing was collected; `IMAGE_WRITE_FAILED`;
 * `CANCELLED`.
 */
export async function runCollectors(options: RunCollectorsOptions): Promise<ComponentAnnotations> {
  const { plan, collectors, emitter, reports, haltOnFirstFailure, log } = options;
  const annotations = new Map<ComponentName, Readonly<Record<string, JsonValue>>>();
  const finish = (report: ComponentReport): void => {
    reports.push(report);
    emitter.emit({ type: 'component-finished', report });
  };
  const fail = (component: ComponentName, reason: string, error: unknown, durationMs: number): void => {
    const code = isBackupError(error) ? error.code : 'COMPONENT_FAILED';
    log('%s failed: %s', component, reason);
    finish({ component, status: 'failed', reason, code, entries: 0, bytes: 0, durationMs });
    if (haltOnFirstFailure) throw componentFailed(component, reason, error);
  };

  let lastError: unknown;
  for (const line of plan.components) {
    throwIfCancelled(options.signal, 'collect');
    const { component, included, explanation } = line;
    if (plan.failsFor(line)) {
      fail(component, explanation, undefined, 0);
    } else if (line.reason === 'not-applicable') {
      finish({
        component,
        status: 'not-applicable',
        reason: explanation,
        entries: 0,
        bytes: 0,
        durationMs: 0,
      });
    } else if (included) {
      const collector = collectors.find((candidate) => candidate.component === component)!;
      emitter.emit({ type: 'component-started', component, estimatedBytes: line.estimatedBytes });
      const startedAt = options.now();
      try {
        const collected = await collectTwice(collector, line, options);
        annotations.set(component, collected.annotations);
        const { entries, bytes } = collected;
        finish({
          component,
          status: 'collected',
          entries,
          bytes,
          durationMs: Math.round(options.now() - startedAt),
        });
      } catch (error) {
        throwIfCancelled(options.signal, 'collect');
        if (isFatal(error)) throw error;
        lastError = error;
        fail(component, messageOf(error), error, Math.round(options.now() - startedAt));
      }
    }
  }
  const failed = reports.filter(({ status }) => status === 'failed');
  if (failed.length > 0 && !reports.some(({ status }) => status === 'collected')) {
    const [only] = failed;
    if (failed.length === 1) throw componentFailed(only!.component, only!.reason!, lastError);
    const reasons = failed.map(({ component, reason }) => `${component}: ${reason!}`).join('\n');
    throw new BackupError('COMPONENT_FAILED', `All components failed:\n${reasons}`, {
      stage: 'collect',
      cause: lastError,
    });
  }
  return annotations;
}

interface Collected {
  readonly entries: number;
  readonly bytes: number;
  readonly annotations: Readonly<Record<string, JsonValue>>;
}

/** Once more after a failure that says it may pass: the component from its beginning, and the database from a new snapshot. */
async function collectTwice(
  collector: ComponentCollector,
  line: PlannedComponent,
  options: RunCollectorsOptions,
): Promise<Collected> {
  const attempt = () =>
    traceComponent({ component: line.component }, () => collectOnce(collector, line, options));
  try {
    return await attempt();
  } catch (error) {
    const again = isBackupError(error) && error.retryable && !options.signal.aborted && !isFatal(error);
    // A database that could not be opened at all was tried often enough by the session itself.
    if (!again || (error.code === 'DATABASE_UNAVAILABLE' && !(await options.database.reset()))) throw error;
    await options.database.reset();
    options.log('%s: second attempt after: %s', collector.component, error.message);
    return attempt();
  }
}

async function collectOnce(
  collector: ComponentCollector,
  { component, estimatedBytes }: PlannedComponent,
  { writer, contextFor, emitter }: RunCollectorsOptions,
): Promise<Collected> {
  const savepoint = writer.savepoint();
  const annotations: Record<string, JsonValue> = {};
  let bytes = 0;
  try {
    const context = contextFor(component, (facts) => Object.assign(annotations, facts));
    const records = await writer.addAll(component, entriesOf(collector, context), {
      onBytes: (count) => {
        bytes += count;
        emitter.emit({ type: 'progress', stage: 'collect', component, bytes, totalBytes: estimatedBytes });
      },
    });
    checkJson(annotations);
    return {
      entries: records.length,
      bytes: records.reduce((sum, record) => sum + record.bytes, 0),
      annotations,
    };
  } catch (error) {
    if (!isFatal(error)) await writer.rollback(savepoint);
    throw error;
  }
}

function entriesOf(collector: ComponentCollector, context: CollectorContext): AsyncIterable<ImageEntry> {
  const entries: unknown = collector.collect(context);
  if (isObject(entries) && Symbol.asyncIterator in entries)
    return entries as unknown as AsyncIterable<ImageEntry>;
  throw new TypeError('collect has to give an async iterable of entries, an async generator for example');
}

/** Now, while it costs this component and not the record of all. */
function checkJson(annotations: Readonly<Record<string, JsonValue>>): void {
  try {
    JSON.stringify(annotations);
  } catch (error) {
    throw new TypeError(`its annotations cannot be written as JSON: ${messageOf(error)}`, { cause: error });
  }
}

/** The image's own file is broken: no component can do anything about it. */
function isFatal(error: unknown): boolean {
  return isBackupError(error) && error.code === 'IMAGE_WRITE_FAILED';
}

function componentFailed(component: ComponentName, reason: string, cause: unknown): BackupError {
  return new BackupError('COMPONENT_FAILED', `${component}: ${reason}`, {
    stage: 'collect',
    component,
    cause,
    ...(isBackupError(cause) ? { reason: cause.reason, retryable: cause.retryable, hint: cause.hint } : {}),
  });
}
