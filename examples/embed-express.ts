import { createServer, type Server, type ServerOptions } from 'node:https';
import express from 'express';
import { createBackupService, type BackupServiceOptions } from 'gateway-backup/service';

/** Express strips the path of the mount from `url`; the service reads `originalUrl`. */
export function expressServer(tls: ServerOptions, options: BackupServiceOptions): Server {
  const app = express();
  app.disable('x-powered-by');
  app.use('/ssg/backup', createBackupService(options));
  return createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, app);
}
