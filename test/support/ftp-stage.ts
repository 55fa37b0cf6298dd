import { after, beforeEach } from 'node:test';
import { FtpSink, type BackupError, type FtpSinkOptions } from 'gateway-backup';
import { canary, ftpError } from './ftp-failure.js';
import { recordingContext, type TestImage } from './ftp-image.js';
import { ScriptedFtpServer, type FtpScript } from './scripted-ftp-server.js';

/** A scripted server that the tests of a file share, and the sinks that store on it. */
export interface FtpStage {
  readonly server: ScriptedFtpServer;
  /** Where the server has an image that was stored. */
  readonly finalPath: string;
  readonly options: (more?: Partial<FtpSinkOptions>) => FtpSinkOptions;
  readonly sink: (more?: Partial<FtpSinkOptions>) => FtpSink;
  /** Stores the image by a script under which that must fail; gives the error. */
  readonly fails: (script: FtpScript, more?: Partial<FtpSinkOptions>) => Promise<BackupError>;
}

/** Starts a server that is as new before each test, and stops it after the last one. */
export async function startFtpStage(
  image: TestImage,
  limits: Partial<FtpSinkOptions> = {},
): Promise<FtpStage> {
  const server = await ScriptedFtpServer.start();
  after(() => server.stop());
  beforeEach(() => {
    server.reset();
  });
  const options = (more: Partial<FtpSinkOptions> = {}): FtpSinkOptions => ({
    host: '127.0.0.1',
    port: server.port,
    user: 'bob',
    password: canary,
    remotePath: 'node1.zip',
    ...limits,
    ...more,
  });
  const sink = (more?: Partial<FtpSinkOptions>): FtpSink => new FtpSink(options(more));
  return {
    server,
    finalPath: `/home/${image.name}`,
    options,
    sink,
    fails: async (script, more) => {
      server.script = script;
      const context = recordingContext();
      return ftpError(sink(more).store(image, context), context, image);
    },
  };
}
