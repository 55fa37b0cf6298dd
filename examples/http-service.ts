// The Backup Service on a server of its own, with users, nodes and audit records in files:
//   node build/examples/http-service.js certificate.pem key.pem users.json
// A users file is made with: gateway-backup-service add-user admin --administrator --users users.json
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { GatewayBackup } from 'gateway-backup';
import {
  createBackupService,
  FileUserDirectory,
  JsonLinesAuditLog,
  listenBackupService,
  StaticClusterDirectory,
} from 'gateway-backup/service';

const [certificateFile = 'certificate.pem', keyFile = 'key.pem', usersFile = 'users.json'] =
  process.argv.slice(2);

const stopping = new AbortController();
const service = createBackupService({
  backup: new GatewayBackup(),
  users: new FileUserDirectory(usersFile),
  cluster: new StaticClusterDirectory([{ name: hostname(), address: '', local: true }]),
  audit: new JsonLinesAuditLog('backup-audit.jsonl'),
  log: (level, message) => {
    console.log(level, message);
  },
  signal: stopping.signal,
});

const listening = await listenBackupService(service, {
  certificate: await readFile(certificateFile),
  key: await readFile(keyFile),
  port: 8443,
});
console.log(`https://localhost:${listening.port}/ssg/backup`);

process.once('SIGTERM', () => {
  stopping.abort();
  void listening.close();
});
