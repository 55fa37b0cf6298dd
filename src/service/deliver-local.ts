import { BackupError, isBackupError } from '../errors.js';
import type { BackupEvent } from '../events.js';
import { attachmentName } from './attachment-name.js';
import { HttpResponseSink, type HttpDownload } from './http-response-sink.js';
import { outcomes } from './outcome.js';
import { printable } from './printable.js';
import { partialHeaders } from './remote-answer.js';
import { describe, type Refusal, type ServiceExchange } from './service-exchange.js';

/**
 * Makes this node's image and sends it. Returns the refusal when there is none to send, or when sending it failed.
 *
 * @internal
 */
export async function deliverLocalImage(
  exchange: ServiceExchange,
  node: string,
  includeAudits: boolean,
): Promise<Refusal | undefined> {
  const { options, response, signal } = exchange;
  const failed: string[] = [];
  const onEvent = (event: BackupEvent): void => {
    if (event.type !== 'component-finished' || event.report.status !== 'failed') return;
    const { component, reason } = event.report;
    failed.push(component);
    // The client is told which; why is for those who can read the log.
    options.log('warn', `Backup of ${node}: ${component} failed: ${printable(reason, 1000)}`);
  };
  const sink = new HttpResponseSink(response, {
    stalledClientMs: options.stalledClientMs,
    download: () => describeDownload(node, failed, options.deliverPartial),
  });
  try {
    const report = await options.backup.run(
      { image: attachmentName(node), includeAudits },
      { signal, sink, onEvent },
    );
    for (const warning of report.warnings) options.log('warn', `Backup of ${node}: ${printable(warning)}`);
    const bytes = report.image.bytes;
    const lacking = failed.length === 0 ? '' : ` without the failed components ${failed.join(', ')}`;
    await exchange.record(outcomes.success, `The image of node ${node} was sent, ${bytes} bytes${lacking}.`);
    return undefined;
  } catch (error) {
    return refusalFor(error, node, failed, exchange);
  }
}

function describeDownload(node: string, failed: readonly string[], deliverPartial: boolean): HttpDownload {
  if (failed.length === 0) return { name: node };
  if (!deliverPartial) {
    throw new BackupError('COMPONENT_FAILED', `The image is partial; failed: ${failed.join(', ')}.`, {
      stage: 'service',
      reason: 'partial-image-refused',
      component: failed[0],
    });
  }
  return { name: node, mark: '-partial', headers: partialHeaders(failed.join(', ')) };
}

function refusalFor(
  error: unknown,
  node: string,
  failed: readonly string[],
  exchange: ServiceExchange,
): Refusal {
  const { retryAfterSeconds } = exchange.options;
  if (isBackupError(error) && error.code === 'BUSY') return busy(node, retryAfterSeconds);
  const unreadable = isBackupError(error) && rootReason(error) === 'image-unreadable';
  return {
    outcome: unreadable ? outcomes.imageUnreadable : outcomes.backupFailed,
    explanation: `The backup of node ${node} failed: ${describe(error)}`,
    lines: failed.map((component) => `Failed component: ${component}`),
  };
}

/** The refusal when another backup of this node is running. */
export function busy(node: string, retryAfterSeconds: number): Refusal {
  return {
    outcome: outcomes.busy,
    explanation: `Another backup of node ${node} is running.`,
    headers: { 'Retry-After': String(retryAfterSeconds) },
  };
}

/** A run may wrap what its sink threw. */
function rootReason(error: BackupError): string | undefined {
  return isBackupError(error.cause) ? rootReason(error.cause) : error.reason;
}
