/**
 * The first command of a newcomer, `npm run quickstart`: makes a sample Gateway, backs it up with its audit records,
 * verifies the image and lists it. Everything but the image is gone afterwards.
 */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runBackup, verifyImage } from 'gateway-backup';
import { createSampleGateway, PrivateMariaDb, sampleDatabaseSql } from 'gateway-backup/testing';
import { ensure, MissingPrerequisites } from '../test/support/prerequisites.js';

const login = { user: 'gateway', password: 'quickstart' };
const folder = resolve('build', 'quickstart');
await mkdir(folder, { recursive: true });

await using server = await startDatabase();
await using gateway = await createSampleGateway(
  server === undefined ? {} : { database: { host: server.host, port: server.port, name: 'ssg', ...login } },
);

const report = await runBackup(
  { image: join(folder, 'gateway1.zip'), includeAudits: true },
  { gatewayRoot: gateway.gatewayRoot, hostRoot: gateway.hostRoot },
);

console.log(`\nBackup: ${report.status}`);
for (const { component, status, entries, bytes, reason } of report.components) {
  const detail = reason ?? `${entries} entries, ${bytes.toLocaleString('en')} bytes`;
  console.log(`  ${component.padEnd(8)} ${status.padEnd(15)} ${detail}`);
}
for (const warning of report.warnings) console.log(`  warning: ${warning}`);

const { path, bytes } = report.image;
const verification = await verifyImage(path);
console.log(`\nVerification: ${verification.valid ? 'the image is whole' : 'the image has faults'}`);
for (const fault of verification.faults) console.log(`  ${fault.message}`);

console.log(`\n${'bytes'.padStart(12)}  entry`);
for (const entry of verification.record?.entries ?? []) {
  console.log(`${entry.bytes.toLocaleString('en').padStart(12)}  ${entry.path}`);
}
console.log(`\nThe image, ${bytes.toLocaleString('en')} bytes: ${path}`);
process.exitCode = report.status === 'success' && verification.valid ? 0 : 1;

/** A private MariaDB with the sample's rows, or nothing where none can be installed. */
async function startDatabase(): Promise<PrivateMariaDb | undefined> {
  try {
    await ensure('mariadb');
  } catch (error) {
    if (!(error instanceof MissingPrerequisites)) throw error;
    console.log(`Going on without the database: ${error.message}`);
    return undefined;
  }
  const started = await PrivateMariaDb.start();
  try {
    await started.createDatabase('ssg', login);
    await started.execute(sampleDatabaseSql(), 'ssg');
    return started;
  } catch (error) {
    await started.stop();
    throw error;
  }
}
