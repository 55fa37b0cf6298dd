import {
  isBackupError,
  runBackup,
  type BackupErrorCode,
  type BackupEvent,
  type BackupReport,
  type CompletedReport,
  type ComponentReport,
} from 'gateway-backup';

declare const report: BackupReport;
declare const completed: CompletedReport;
declare const line: ComponentReport;
declare const event: BackupEvent;
declare const thrown: unknown;

// What is not in the image has a reason; what is has none.
if (line.status === 'collected') {
  line.reason satisfies undefined;
  line.entries satisfies number;
} else {
  line.reason satisfies string;
  line.entries satisfies 0;
  line.code satisfies BackupErrorCode | undefined;
  if (line.status === 'failed') line.code satisfies BackupErrorCode;
}

// There may be no image.
// @ts-expect-error -- possibly null
report.image.path satisfies string;
report.image?.path satisfies string | undefined;
if (report.status !== 'failed') report.image.path satisfies string;
else report.error.code satisfies BackupErrorCode;
// But what a run resolves to has one.
completed.image.path satisfies string;

// A switch over the events is exhaustive.
export function describeEvent(): string {
  switch (event.type) {
    case 'planned':
      return event.components.map(({ component, reason }) => `${component} ${reason}`).join();
    case 'component-started':
      return event.component;
    case 'progress':
      return `${event.stage} ${event.bytes} ${event.totalBytes ?? ''} ${event.component ?? ''}`;
    case 'component-finished':
      return event.report.component;
    case 'warning':
      return event.message;
    case 'stored':
      return event.image.sha256;
  }
}
// @ts-expect-error -- an event of one kind has not what another has
event.message satisfies string;

// What is caught is unknown until it is asked.
// @ts-expect-error -- unknown
thrown.code satisfies BackupErrorCode;
if (isBackupError(thrown)) {
  thrown.code satisfies BackupErrorCode;
  thrown.retryable satisfies boolean;
  thrown.report?.components satisfies readonly ComponentReport[] | undefined;
  // @ts-expect-error -- no such code
  if (thrown.code === 'FAILED') throw thrown;
}

// A report is not changed.
// @ts-expect-error -- read-only
report.status = 'success';
// @ts-expect-error -- read-only
report.components.push(line);

(await runBackup({ image: 'node.zip' })) satisfies BackupReport;
