// Run by a test with every log switched on: stores an image, and then fails to, at the port given.
import { FtpSink } from 'gateway-backup';
import { logFor } from '#dist/support/log.js';
import { canary } from '../support/ftp-failure.js';
import { recordingContext, testImage } from '../support/ftp-image.js';

const options = { host: '127.0.0.1', port: Number(process.argv[2]), user: 'bob', password: canary };
const context = { ...recordingContext(), log: logFor('sink') };
for (const remotePath of ['node1.zip', 'nowhere/node1.zip']) {
  try {
    console.log(await new FtpSink({ ...options, remotePath }).store(testImage(100_000), context));
  } catch (error) {
    console.error(error);
  }
}
