// Shows what happens while it happens; Ctrl-C or a time limit ends the run cleanly.
//
//   node progress-and-cancel.js [IMAGE [GATEWAY_ROOT [HOST_ROOT [LIMIT_MS]]]]
import { isBackupError, runBackup, type BackupEvent } from 'gateway-backup';

const [image = 'node.zip', gatewayRoot = '/opt/SecureSpan', hostRoot = '/', limitMs = '3600000'] =
  process.argv.slice(2);

const interrupt = new AbortController();
process.once('SIGINT', () => {
  interrupt.abort(new Error('Ctrl-C'));
});
const signal = AbortSignal.any([interrupt.signal, AbortSignal.timeout(Number(limitMs))]);

try {
  const report = await runBackup({ image }, { gatewayRoot, hostRoot, signal, onEvent: show });
  console.log(`${report.status} after ${report.durationMs} ms`);
} catch (error) {
  if (!isBackupError(error) || error.code !== 'CANCELLED') throw error;
  // Nothing is left behind; the signal's own reason is the cause.
  console.log('cancelled:', error.cause instanceof Error ? error.cause.message : error.cause);
  process.exitCode = 130;
}

function show(event: BackupEvent): void {
  switch (event.type) {
    case 'planned':
      console.log(`${event.components.filter(({ included }) => included).length} components to take`);
      break;
    case 'component-started':
      console.log(`${event.component} …`);
      break;
    case 'progress':
      console.log(
        `  ${event.stage}: ${event.bytes}${event.totalBytes ? ` of ${event.totalBytes}` : ''} bytes`,
      );
      break;
    case 'component-finished':
      console.log(`${event.report.component}: ${event.report.status}`);
      break;
    case 'warning':
      console.log(`Warning: ${event.message}`);
      break;
    case 'stored':
      console.log(`${event.image.path}, SHA-256 ${event.image.sha256}`);
      break;
  }
}
