import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FtpSink, LocalFileSink, retryingSink, type ImageSink } from 'gateway-backup';
import { imageSinkContract, MemorySink } from 'gateway-backup/testing';
import { ScriptedFtpServer } from '../support/scripted-ftp-server.js';

imageSinkContract('MemorySink', () => {
  const sink = new MemorySink();
  return {
    sink,
    read: (name) => Promise.resolve(sink.images.get(name)),
    list: () => Promise.resolve([...sink.images.keys()]),
  };
});

for (const [name, staged] of [
  ['LocalFileSink', (sink: LocalFileSink): ImageSink => sink],
  ['LocalFileSink, staged on another file system', elsewhere],
] as const) {
  imageSinkContract(name, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gateway-backup-test-'));
    return {
      sink: staged(new LocalFileSink(join(folder, 'node1.zip'))),
      read: (imageName) => readFile(join(folder, imageName)).catch(() => undefined),
      list: () => readdir(folder),
      dispose: () => rm(folder, { recursive: true, force: true }),
    };
  });
}

for (const [name, wrap] of [
  ['FtpSink', (sink: FtpSink) => sink],
  ['retryingSink around FtpSink', (sink: FtpSink) => retryingSink(sink, { delayMs: 1 })],
] as const) {
  imageSinkContract(name, async () => {
    const server = await ScriptedFtpServer.start();
    return {
      sink: wrap(
        new FtpSink({
          host: '127.0.0.1',
          port: server.port,
          user: 'bob',
          password: 'secret',
          remotePath: 'node1.zip',
        }),
      ),
      read: (imageName) => Promise.resolve(server.files.get(`/home/${imageName}`)),
      list: () => Promise.resolve([...server.files.keys()]),
      dispose: () => server.stop(),
    };
  });
}

/** A rename does not reach from there to the folder for temporary files. */
function elsewhere(sink: LocalFileSink): ImageSink {
  return {
    name: sink.name,
    stagingDirectory: '/dev/shm',
    prepare: (imageName, context) => sink.prepare(imageName, context),
    store: (image, context) => sink.store(image, context),
  };
}
