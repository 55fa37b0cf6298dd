import { createServer } from 'node:https';
import type { ServerOptions, Server } from 'node:https';
import { createBackupService, type BackupServiceOptions } from 'gateway-backup/service';

/** The service beside other pages of a server of your own, which then owns the limits for slow clients. */
export function nodeHttpsServer(tls: ServerOptions, options: BackupServiceOptions): Server {
  const backupService = createBackupService(options);
  return createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    if (request.url?.split('?')[0] === '/ssg/backup') void backupService(request, response);
    else response.writeHead(404).end();
  });
}
