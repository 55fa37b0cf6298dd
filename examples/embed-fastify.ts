import type { Server, ServerOptions } from 'node:https';
import fastify, { type FastifyInstance } from 'fastify';
import { createBackupService, type BackupServiceOptions } from 'gateway-backup/service';

/** `hijack` tells fastify that the answer is not its own any more. */
export function fastifyServer(tls: ServerOptions, options: BackupServiceOptions): FastifyInstance<Server> {
  const backupService = createBackupService(options);
  const app = fastify({ https: { ...tls, requestCert: true, rejectUnauthorized: false } });
  app.all('/ssg/backup', async (request, reply) => {
    reply.hijack();
    await backupService(request.raw, reply.raw);
  });
  return app;
}
