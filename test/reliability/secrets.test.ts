import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { inspect, promisify } from 'node:util';
import { isBackupError, runBackup, Secret, type BackupEvent } from 'gateway-backup';
import { imageContents } from '../support/read-image.js';
import { ScriptedFtpServer } from '../support/scripted-ftp-server.js';
import type { ProgramOptions, ProgramResult } from '../support/ssgbackup.js';
import { encryptedPassword } from './encrypted-password.js';
import { WatchedNode, withRpm } from './watched-node.js';

// Every secret is a word that stands nowhere else, and is looked for in everything that a run says and leaves.

const run = promisify(execFile);
const secrets = {
  database: 'canary-Db-1',
  passphrase: 'canary-passphrase-2',
  ftp: 'canary-ftp-3',
} as const;
const properties = 'opt/SecureSpan/Gateway/node/default/etc/conf/node.properties';

function assertSilent(text: string, place: string): void {
  for (const [name, word] of Object.entries(secrets)) {
    const forms = [
      word,
      Buffer.from(word).toString('base64').replace(/=+$/, ''),
      Buffer.from(word).toString('hex'),
    ];
    for (const form of forms) assert.ok(!text.includes(form), `${place} tells the secret of ${name}`);
  }
}

describe('secrets', () => {
  let node: WatchedNode;
  let server: ScriptedFtpServer;
  let plain: string;
  let encrypted: string;
  before(async () => {
    node = await WatchedNode.start();
    server = await ScriptedFtpServer.start();
    plain = await readFile(node.gateway.hostPath(properties), 'utf8');
    encrypted = plain.replace(secrets.database, encryptedPassword(secrets.database, secrets.passphrase));
    assert.notEqual(encrypted, plain);
  });
  after(async () => {
    await server.stop();
    await node[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await node.clear();
    server.files.clear();
    server.script = {};
    await configure(plain);
  });

  async function configure(text: string): Promise<void> {
    await writeFile(node.gateway.hostPath(properties), text);
    await node.acceptGatewayFiles();
  }

  /** All that a run left and said; node.properties itself is in the image, as it has to be. */
  async function assertNothingTold(result: ProgramResult): Promise<void> {
    assertSilent(result.stdout, 'standard output');
    assertSilent(result.stderr, 'standard error');
    const logs = node.gateway.resolve('Gateway', 'config', 'backup', 'logs');
    for (const name of await readdir(logs)) assertSilent(await readFile(join(logs, name), 'utf8'), name);
    for (const name of await readdir(node.work)) {
      assertSilent(name, 'a file name');
      if (!name.endsWith('.zip')) assertSilent(await readFile(join(node.work, name), 'utf8'), name);
    }
    const images = await readdir(node.folder);
    for (const name of images.filter((each) => each.endsWith('.zip'))) {
      for (const [path, content] of await imageContents(join(node.folder, name))) {
        if (path !== 'config/node.properties') assertSilent(content.toString('latin1'), path);
      }
    }
  }

  const ftp = (): string[] => [
    '-image',
    'node1.zip',
    '-ftp_host',
    `127.0.0.1:${server.port}`,
    '-ftp_user',
    'u',
  ];

  /** One run for each way in which a secret can be given. */
  const ways: readonly {
    readonly what: string;
    readonly args: () => string[];
    readonly env?: Record<string, string>;
    readonly prepare?: () => Promise<unknown>;
    readonly warns?: true;
  }[] = [
    {
      what: 'the database password in node.properties',
      args: () => ['-ia', '-it', join(node.work, 'map.xml')],
    },
    {
      what: 'the database password by environment',
      args: () => ['-ia'],
      env: { GATEWAY_BACKUP_DB_PASSWORD: secrets.database },
      prepare: () => configure(plain.replace(secrets.database, 'other')),
    },
    {
      what: 'the database password by file',
      args: () => ['-ia', '--db-password-file', node.gateway.hostPath('secret')],
      prepare: async () => {
        await writeFile(node.gateway.hostPath('secret'), `${secrets.database}\n`);
        await configure(plain.replace(secrets.database, 'other'));
      },
    },
    {
      what: 'an encrypted password and its passphrase by environment',
      args: () => ['-ia'],
      env: { GATEWAY_BACKUP_PASSPHRASE: secrets.passphrase },
      prepare: () => configure(encrypted),
    },
    {
      what: 'an encrypted password and its passphrase by file',
      args: () => ['-ia', '--passphrase-file', node.gateway.hostPath('secret')],
      prepare: async () => {
        await writeFile(node.gateway.hostPath('secret'), secrets.passphrase);
        await configure(encrypted);
      },
    },
    { what: 'the FTP password by switch', args: () => [...ftp(), '-ftp_pass', secrets.ftp], warns: true },
    {
      what: 'the FTP password by environment',
      args: ftp,
      env: { GATEWAY_BACKUP_FTP_PASSWORD: secrets.ftp },
    },
    {
      what: 'the FTP password by file',
      args: () => [...ftp(), '--ftp-password-file', node.gateway.hostPath('secret')],
      prepare: async () => {
        await writeFile(node.gateway.hostPath('secret'), secrets.ftp);
        await node.acceptGatewayFiles();
      },
    },
  ];

  for (const { what, args, env, prepare, warns } of ways) {
    for (const json of [false, true]) {
      test(`${what}: works, and is told nowhere${json ? ', with --json' : ', with -v'}`, async () => {
        await prepare?.();
        const options: ProgramOptions = { env: { DEBUG: '*', ...env } };
        const result = await node.run([...args(), json ? '--json' : '-v'], options);
        assert.equal(result.status, 0, 'the run works');
        assert.equal(result.stderr.includes('password on the command line'), warns === true);
        await assertNothingTold(result);
      });
    }
  }

  const failures: readonly {
    readonly what: string;
    readonly args: () => string[];
    readonly env?: Record<string, string>;
    readonly prepare?: () => Promise<unknown>;
  }[] = [
    {
      what: 'a database that refuses the login',
      args: () => ['-halt'],
      env: { GATEWAY_BACKUP_DB_PASSWORD: `${secrets.database}-wrong` },
    },
    {
      what: 'a passphrase that is wrong',
      args: () => ['-halt'],
      env: { GATEWAY_BACKUP_PASSPHRASE: secrets.passphrase.toUpperCase() + secrets.passphrase },
      prepare: () => configure(encrypted),
    },
    { what: 'no passphrase at all', args: () => ['-halt'], prepare: () => configure(encrypted) },
    {
      what: 'an FTP server that refuses the login and repeats the password',
      args: ftp,
      env: { GATEWAY_BACKUP_FTP_PASSWORD: secrets.ftp },
      prepare: () => {
        server.script = {
          PASS: (session, password) => {
            session.reply(`530 no, ${password} is not your password`);
          },
        };
        return Promise.resolve();
      },
    },
    {
      what: 'an FTP server that refuses the upload',
      args: ftp,
      env: { GATEWAY_BACKUP_FTP_PASSWORD: secrets.ftp },
      prepare: () => {
        server.script = {
          STOR: (session) => {
            session.reply(`553 no, u:${secrets.ftp}`);
          },
        };
        return Promise.resolve();
      },
    },
    {
      what: 'a mistyped switch before a password',
      args: () => [...ftp(), '-ftp_pas', secrets.ftp],
    },
    { what: 'a password that looks like a switch', args: () => [...ftp(), '-ftp_pass', `-${secrets.ftp}`] },
  ];
  for (const { what, args, env, prepare } of failures) {
    test(`${what}: fails, and tells no secret`, async () => {
      await prepare?.();
      const result = await node.run([...args(), '-v', '--json'], { env: { DEBUG: '*', ...env } });
      assert.equal(result.status, 1, 'the run fails');
      await assertNothingTold(result);
      await node.clear();
    });
  }

  test('errors and events of the library tell none, however they are printed', async () => {
    const events: BackupEvent[] = [];
    const wrong = new Secret(`${secrets.database}-wrong`);
    const attempts = [
      () =>
        runBackup(
          { image: node.image, haltOnFirstFailure: true },
          { ...node.host, databasePassword: wrong, onEvent },
        ),
      () =>
        runBackup(
          { image: node.image, haltOnFirstFailure: true },
          {
            ...node.host,
            databasePassword: `${secrets.database}x`,
            passphrase: () => secrets.passphrase,
            onEvent,
          },
        ),
      () => {
        server.script = {
          PASS: (session, password) => {
            session.reply(`530 not ${password}`);
          },
        };
        const options = { host: '127.0.0.1', port: server.port, user: 'u', password: secrets.ftp };
        return runBackup({ image: 'node1.zip', config: true, ftp: options }, { ...node.host, onEvent });
      },
    ];
    function onEvent(event: BackupEvent): void {
      events.push(event);
    }
    const channels = [
      'net.client.socket',
      'child_process',
      'http.client.request.start',
      'tracing:mysql2:query:start',
    ];
    const published: unknown[] = [];
    const listen = (message: unknown): void => void published.push(message);
    for (const channel of channels) subscribe(channel, listen);
    try {
      for (const attempt of attempts) {
        const error: unknown = await attempt().then(
          () => assert.fail('it should fail'),
          (reason: unknown) => reason,
        );
        assert.ok(isBackupError(error), String(error));
        for (let cause: unknown = error, depth = 0; cause instanceof Error; cause = cause.cause, depth += 1) {
          const names = Object.getOwnPropertyNames(cause);
          const own = names.map((name) => inspect((cause as unknown as Record<string, unknown>)[name], deep));
          for (const text of [
            cause.message,
            cause.stack ?? '',
            String(cause),
            inspect(cause, deep),
            ...own,
          ]) {
            assertSilent(text, `the error, ${depth} causes deep`);
          }
          assertSilent(JSON.stringify(cause), 'the error as JSON');
        }
      }
    } finally {
      for (const channel of channels) unsubscribe(channel, listen);
    }
    assertSilent(inspect(events, deep), 'the events');
    assertSilent(JSON.stringify(events), 'the events as JSON');
    assertSilent(inspect(published, { ...deep, depth: 4 }), 'a diagnostics channel');
    assert.ok(events.length > 0);
  });

  test('the arguments are wiped from the process list, and programs that are started get none of ours', async () => {
    // An rpm that reports what it was given and what it can see of its parent.
    const script = node.gateway.hostPath('rpm');
    const seen = node.gateway.hostPath('seen');
    const report = [
      '#!/bin/sh',
      `{ tr '\\0' '\\n' < /proc/$$/cmdline; echo "--"; tr '\\0' '\\n' < /proc/$$/environ; echo "--"; tr '\\0' '\\n' < /proc/$PPID/cmdline; ls -l /proc/$$/fd; } >> ${seen}`,
      'exit 1',
    ];
    await writeFile(script, `${report.join('\n')}\n`, { mode: 0o755 });
    await node.run([...ftp(), '-ftp_pass', secrets.ftp, '-ext'], {
      env: { GATEWAY_BACKUP_DB_PASSWORD: secrets.database, GATEWAY_BACKUP_PASSPHRASE: secrets.passphrase },
      wrapper: withRpm(script),
    });
    const text = await readFile(seen, 'utf8');
    assert.match(text, /ssgbackup/, 'the title of the program was seen');
    assertSilent(text, 'the process list');
    assert.ok(!text.includes('GATEWAY_BACKUP'), 'our environment was handed on');
    await run('rm', ['-f', script, seen]);
    await node.acceptGatewayFiles();
  });
});

const deep = { depth: 12, showHidden: true, getters: true, maxArrayLength: 1000 } as const;
