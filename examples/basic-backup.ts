// Backs up this node into one image and says what is in it.
//
//   node basic-backup.js [IMAGE [GATEWAY_ROOT [HOST_ROOT]]]
import { isBackupError, runBackup } from 'gateway-backup';

const [image = 'node.zip', gatewayRoot = '/opt/SecureSpan', hostRoot = '/'] = process.argv.slice(2);

try {
  const report = await runBackup({ image }, { gatewayRoot, hostRoot });
  for (const { component, status, entries, bytes, reason } of report.components) {
    console.log(`${component}: ${status}, ${entries} entries, ${bytes} bytes${reason ? ` (${reason})` : ''}`);
  }
  for (const warning of report.warnings) console.log(`Warning: ${warning}`);
  console.log(`${report.status}: ${report.image.path}`);
  process.exitCode = report.status === 'success' ? 0 : 2;
} catch (error) {
  if (!isBackupError(error)) throw error;
  // The code is for programs, the message and the hint are for people.
  console.error(`${error.code}: ${error.message}`);
  if (error.hint !== undefined) console.error(error.hint);
  process.exitCode = 1;
}
