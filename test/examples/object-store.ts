import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An object store on loopback that keeps its objects in memory. */
export interface ObjectStore extends AsyncDisposable {
  readonly folder: URL;
  /** Whole objects only, by name. */
  readonly objects: ReadonlyMap<string, Buffer>;
}

/** Takes `HEAD` and `PUT`; an object is kept when all of it has come, and never replaced. */
export async function objectStore(token: string): Promise<ObjectStore> {
  const objects = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').replace(/^\/backups\//u, ''));
    const answer = (status: number) => {
      response.writeHead(status, { Connection: 'close' }).end();
    };
    if (request.headers.authorization !== `Bearer ${token}`) {
      answer(401);
      return;
    }
    if (request.method === 'HEAD') {
      answer(objects.has(name) ? 200 : 404);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (objects.has(name)) {
        answer(412);
        return;
      }
      objects.set(name, Buffer.concat(chunks));
      answer(201);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    folder: new URL(`http://127.0.0.1:${port}/backups/`),
    objects,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
