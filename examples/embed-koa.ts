import { createServer, type Server, type ServerOptions } from 'node:https';
import Koa from 'koa';
import { createBackupService, type BackupServiceOptions } from 'gateway-backup/service';

/** `respond = false` tells koa that the answer is not its own any more. */
export function koaServer(tls: ServerOptions, options: BackupServiceOptions): Server {
  const backupService = createBackupService(options);
  const app = new Koa();
  app.use(async (context, next) => {
    if (context.path !== '/ssg/backup') {
      await next();
      return;
    }
    context.respond = false;
    await backupService(context.req, context.res);
  });
  // Koa reports a client that went away as an error; the service has dealt with it.
  app.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') console.error(error);
  });
  const answer = app.callback();
  return createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    void answer(request, response);
  });
}
