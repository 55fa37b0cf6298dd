// A nightly backup for cron: one line of output on success, an exit status that a monitor understands, the last images kept.
//
//   30 2 * * *  node cron-script.js /var/backups/gateway [GATEWAY_ROOT [HOST_ROOT]]
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isBackupError, runBackup, verifyImage } from 'gateway-backup';

const keep = 7;
const [folder = '/var/backups/gateway', gatewayRoot = '/opt/SecureSpan', hostRoot = '/'] =
  process.argv.slice(2);
const passphrase = process.env['GATEWAY_BACKUP_PASSPHRASE'];

try {
  const { status, image, components, durationMs } = await runBackup(
    { image: join(folder, 'nightly.zip'), includeAudits: true },
    // Without a passphrase there may still be a plain password in node.properties.
    { gatewayRoot, hostRoot, passphrase, signal: AbortSignal.timeout(6 * 3_600_000) },
  );
  const failed = components.filter((component) => component.status === 'failed');
  for (const { component, reason } of failed) console.error(`${component}: ${reason}`);

  // Belt and braces: read the image as a restore would, before an older one goes.
  const { valid, faults } = await verifyImage(image.path);
  for (const { message } of faults) console.error(message);
  if (valid && status === 'success') await removeAllBut(keep);

  console.log(`${status}: ${image.path}, ${image.bytes} bytes, ${Math.round(durationMs / 1000)} s`);
  process.exitCode = valid ? (status === 'success' ? 0 : 2) : 1;
} catch (error) {
  if (!isBackupError(error)) throw error;
  console.error(`${error.code}: ${error.message}`);
  // 75 is EX_TEMPFAIL: another backup is running, or the database is being restarted.
  process.exitCode = error.retryable ? 75 : 1;
}

/** Names begin with the local time, so their order is that of time. */
async function removeAllBut(count: number): Promise<void> {
  const images = (await readdir(folder)).filter((name) => /^\d{14}_nightly\.zip$/.test(name)).sort();
  for (const name of images.slice(0, -count)) await unlink(join(folder, name));
}
