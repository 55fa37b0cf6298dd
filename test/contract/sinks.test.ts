import { FtpSink, retryingSink } from 'gateway-backup';
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
