import type { BackupError } from '../errors.js';
import type { BackupEvent } from '../events.js';
import type { BackupReport } from '../report.js';

/** Errors of this kind mean that nothing was begun: the product prints them differently, and the usage with them. */
export function isInvalidArgument(error: BackupError): boolean {
  return error.code === 'INVALID_OPTIONS' || error.code === 'GATEWAY_NOT_CONFIGURED';
}

/** The fixed lines at the end of a run that made an image. They follow an empty line. */
export function renderOutcome(report: BackupReport): string {
  const lines = [''];
  if (report.status === 'success') {
    lines.push('Backup completed with no errors.');
  } else {
    lines.push('Backup of Gateway image partially succeeded.', ...failedComponents(report));
  }
  if (report.image !== null) lines.push(`Image: ${printable(report.image.path)}`);
  if (report.mappingTemplate !== undefined)
    lines.push(`Mapping template: ${printable(report.mappingTemplate)}`);
  return lines.join('\n');
}

/** `Failed component: <name>` for each; the mapping template counts as one when it was asked for and is missing. */
function failedComponents(report: BackupReport): string[] {
  const names = report.components
    .filter(({ status }) => status === 'failed')
    .map(({ component }) => component);
  if (report.error?.code === 'MAPPING_TEMPLATE_FAILED') names.push('mapping template');
  return names.map((name) => `Failed component: ${name}`);
}

/** The fixed lines at the end of a run that made no image. They follow an empty line. */
export function renderFailure(error: BackupError): string {
  if (isInvalidArgument(error)) return `\nBackup invalid argument: ${printable(error.message)}`;
  if (error.code === 'CANCELLED') return '\nBackup failed: cancelled';
  const hint = error.hint === undefined ? '' : `\n${printable(error.hint)}`;
  return `\nBackup failed: ${printable(error.message)}${hint}`;
}

/** The report of a run that ended before it began: what `--json` prints is always of the published type. */
export function reportOfFailure(error: BackupError): BackupReport {
  const { code, message, hint } = error;
  return (
    error.report ?? {
      status: 'failed',
      image: null,
      components: [],
      warnings: [],
      startedAt: new Date(performance.timeOrigin),
      durationMs: Math.round(performance.now()),
      error: { code, message, hint },
    }
  );
}

/** One event as a line of the log and of `-v`, without a time; `undefined` for those that are not worth one. */
export function renderEvent(event: BackupEvent): string | undefined {
  switch (event.type) {
    case 'planned':
      return `Components: ${event.components
        .filter(({ included }) => included)
        .map(({ component }) => component)
        .join(', ')}`;
    case 'component-started':
      return `${event.component}: started`;
    case 'component-finished': {
      const { component, status, reason, entries, bytes, durationMs } = event.report;
      if (status === 'collected') {
        return `${component}: ${entries} ${entries === 1 ? 'entry' : 'entries'}, ${bytes} bytes, ${durationMs} ms`;
      }
      return `${component}: ${status === 'failed' ? 'failed' : 'not applicable'}: ${reason}`;
    }
    case 'warning':
      return `Warning: ${event.component === undefined ? '' : `${event.component}: `}${event.message}`;
    case 'stored':
      return `Stored: ${event.image.path}, ${event.image.bytes} bytes, SHA-256 ${event.image.sha256}`;
    case 'progress':
      return undefined;
  }
}

/** Text for a terminal or a log line: a file name must not move the cursor or begin a line of its own. */
export function printable(text: string): string {
  // The newline stays: our own messages have several lines.

  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
