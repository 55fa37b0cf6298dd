// A sink around a sink: whatever stores the image gets it at a limited rate, so that a backup leaves room on the line.
//
//   node custom-sink.js FTP_HOST[:PORT] FTP_USER FTP_PASSWORD [GATEWAY_ROOT [HOST_ROOT]]
import { pipeline, Transform, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FtpSink, retryingSink, runBackup, type BackupImage, type ImageSink } from 'gateway-backup';

/** The same sink, reading the image at no more than so many bytes a second. */
export function rateLimitedSink(sink: ImageSink, bytesPerSecond: number): ImageSink {
  return {
    name: sink.name,
    stagingDirectory: sink.stagingDirectory,
    stagedOnFailure: sink.stagedOnFailure,
    prepare: async (imageName, context) => sink.prepare?.(imageName, context),
    store: (image, context) => sink.store(slowly(image, bytesPerSecond), context),
  };
}

function slowly(image: BackupImage, bytesPerSecond: number): BackupImage {
  const { name, bytes, sha256, path } = image;
  return { name, bytes, sha256, path, open: () => throttled(image.open(), bytesPerSecond) };
}

function throttled(source: Readable, bytesPerSecond: number): Readable {
  const startedAt = performance.now();
  // Ends a pause when the reader goes away: a stream that is gone must not keep the process alive.
  const gone = new AbortController();
  let passed = 0;
  const throttle = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      const aheadMs = (passed / bytesPerSecond) * 1000 - (performance.now() - startedAt);
      if (aheadMs <= 0) {
        done(null, chunk);
        return;
      }
      sleep(aheadMs, undefined, { signal: gone.signal }).then(
        () => {
          done(null, chunk);
        },
        () => {
          done();
        },
      );
    },
    destroy(error, done) {
      gone.abort();
      done(error);
    },
  });
  // Either end that fails takes the other one with it; the reader of the result sees the error.
  return pipeline(source, throttle, () => undefined);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [address = '', user = '', password = '', gatewayRoot = '/opt/SecureSpan', hostRoot = '/'] =
    process.argv.slice(2);
  const [host = '', port = '21'] = address.split(':');
  const ftp = new FtpSink({ host, port: Number(port), user, password, remotePath: 'node.zip' });
  const report = await runBackup(
    { image: 'node.zip' },
    { gatewayRoot, hostRoot, sink: retryingSink(rateLimitedSink(ftp, 4_000_000)) },
  );
  console.log(`${report.status}: ${report.image.path}`);
}
