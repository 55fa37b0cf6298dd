import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import { createAdaptorServer, type HttpBindings, type ServerType } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { createBackupService, type BackupServiceOptions } from 'gateway-backup/service';

/** Hono hands out Node's own request and response as bindings. */
export function honoServer(tls: ServerOptions, options: BackupServiceOptions): ServerType {
  const backupService = createBackupService(options);
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.all('/ssg/backup', async (context) => {
    await backupService(context.env.incoming, context.env.outgoing);
    return RESPONSE_ALREADY_SENT;
  });
  return createAdaptorServer({
    fetch: app.fetch,
    createServer: createHttpsServer,
    serverOptions: { ...tls, requestCert: true, rejectUnauthorized: false },
  });
}
