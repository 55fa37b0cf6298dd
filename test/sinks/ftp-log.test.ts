import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { canary } from '../support/ftp-failure.js';
import { ScriptedFtpServer } from '../support/scripted-ftp-server.js';

test('with every log switched on, the password is nowhere in what a process prints', async () => {
  const server = await ScriptedFtpServer.start({
    // As some servers do in their trace mode.
    PASS: (session, given) => {
      session.reply(`230 logged in with ${given}`);
    },
  });
  try {
    const program = fileURLToPath(new URL('ftp-log-process.js', import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, String(server.port)], {
      env: { ...process.env, DEBUG: '*', NODE_DEBUG: 'net,stream,timer' },
      maxBuffer: 2 ** 28,
    });
    assert.match(stdout, /ftp:\/\/127\.0\.0\.1/);
    assert.match(stderr, /> PASS ###/);
    assert.match(stderr, /folder-missing/);
    assert.ok(!stdout.includes(canary));
    const told = stderr.split('\n').filter((line) => line.includes(canary));
    assert.deepEqual(told, []);
  } finally {
    await server.stop();
  }
});
