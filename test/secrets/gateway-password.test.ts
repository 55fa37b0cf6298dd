import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { isBackupError } from 'gateway-backup';
import { decodeGatewayPassword } from '#dist/secrets/gateway-password.js';
import { Secret } from '#dist/secrets/secret.js';

const clear = 'pass word:=#€ 7layer';
const passphrase = 'cluster-passphrase-1';

const known = new Map<string, string>();

interface Settings {
  readonly iterations?: number;
  readonly key?: string;
  readonly content?: Buffer;
}

/** The stored forms as an independent tool makes them: python's hashlib, and openssl for AES. */
function made(kind: 'L7C2' | 'L7C', settings: Settings = {}): string {
  const { iterations = 6000, key = passphrase, content = Buffer.from(clear) } = settings;
  const words = [kind, content.toString('hex'), key, String(iterations)];
  const name = words.join(' ');
  if (!known.has(name)) known.set(name, encoded(words));
  return known.get(name)!;
}

function encoded(words: readonly string[]): string {
  const script = `
import base64, hashlib, hmac, subprocess, sys
kind, clear, passphrase, iterations = sys.argv[1], bytes.fromhex(sys.argv[2]), sys.argv[3], int(sys.argv[4])
def aes(key, iv, data):
    return subprocess.run(['openssl', 'enc', '-aes-256-cbc', '-K', key.hex(), '-iv', iv.hex()], input=data, capture_output=True, check=True).stdout
salt, iv = bytes(range(16)), bytes(range(100, 116))
if kind == 'L7C2':
    key = hashlib.pbkdf2_hmac('sha1', passphrase.encode('latin-1'), salt, iterations, 32)
    body = iv + aes(key, iv, clear)
    body += hmac.new(key, body, hashlib.sha256).digest()
    print('$L7C2$%x,%s$%s' % (iterations, base64.b64encode(salt).decode(), base64.b64encode(body).decode()), end='')
else:
    m, s = passphrase.encode(), base64.b64encode(salt)
    key = hashlib.sha512(m + s + hashlib.sha512(m + s + m).digest()).digest()[:32]
    print('$L7C$%s$%s' % (s.decode(), base64.b64encode(aes(key, salt, clear)).decode()), end='')
`;
  return execFileSync('python3', ['-c', script, ...words], { encoding: 'utf8' });
}

test('a plain password stays as it is, and no passphrase is asked for', async () => {
  for (const plain of ['7layer', '', '$L7X$abc', '$l7c2$', ' spaces ']) {
    const decoded = await decodeGatewayPassword(new Secret(plain), () => assert.fail('not needed'));
    assert.equal(decoded.reveal(), plain);
  }
});

test('a $L7C2$ password is decoded as an independent tool encoded it', async () => {
  for (const iterations of [1, 6000, 8192]) {
    const decoded = await decodeGatewayPassword(new Secret(made('L7C2', { iterations })), passphrase);
    assert.equal(decoded.reveal(), clear);
  }
  const latin = 'pässphrase';
  const stored = made('L7C2', { iterations: 10, key: latin });
  assert.equal((await decodeGatewayPassword(new Secret(stored), latin)).reveal(), clear);
});

test('a password of one block, and one that begins with a byte order mark, are decoded whole', async () => {
  for (const password of ['short', '\ufeffmark']) {
    const stored = made('L7C2', { iterations: 10, content: Buffer.from(password) });
    assert.equal((await decodeGatewayPassword(new Secret(stored), passphrase)).reveal(), password);
  }
});

test('a $L7C$ password is decoded as an independent tool encoded it', async () => {
  const decoded = await decodeGatewayPassword(new Secret(made('L7C')), () => Promise.resolve(passphrase));
  assert.equal(decoded.reveal(), clear);
});

/** What an administrator reads, by reason. */
const says: Readonly<Record<string, readonly [RegExp, RegExp]>> = {
  'passphrase-missing': [
    /is encrypted, and no master passphrase was given/,
    /--passphrase-file or GATEWAY_BACKUP_PASSPHRASE .*--db-password-file/,
  ],
  'passphrase-wrong': [/cannot be decrypted with the given master passphrase/, /this node's own/],
  'password-malformed': [/is not in a known form/, /--db-password-file/],
};

async function rejected(stored: string, given: string | undefined, reason: string): Promise<void> {
  await assert.rejects(decodeGatewayPassword(new Secret(stored), given), (error: unknown) => {
    assert.ok(isBackupError(error), String(error));
    assert.equal(error.code, 'DATABASE_UNAVAILABLE');
    assert.equal(error.stage, 'collect');
    assert.equal(error.reason, reason);
    const [message, hint] = says[reason]!;
    assert.match(error.message, message);
    assert.match(error.hint ?? '', hint);
    const shown = inspect(error, { depth: 9 }) + JSON.stringify(error);
    for (const secret of [stored, given ?? passphrase, clear]) {
      if (secret.length > 3) assert.ok(!shown.includes(secret), `shows a value: ${shown}`);
    }
    return true;
  });
}

test('an encrypted password without a passphrase says where to give one', async () => {
  await rejected(made('L7C2'), undefined, 'passphrase-missing');
  await rejected(made('L7C2'), '', 'passphrase-missing');
  await rejected(made('L7C'), undefined, 'passphrase-missing');
});

test('a wrong passphrase is told from a damaged password', async () => {
  await rejected(made('L7C2'), 'another passphrase', 'passphrase-wrong');
  await rejected(made('L7C'), 'another passphrase', 'passphrase-wrong');
  const noText = made('L7C', { content: Buffer.from('p\xe4ss', 'latin1') });
  await rejected(noText, passphrase, 'passphrase-wrong');
});

test('a changed byte anywhere in a $L7C2$ password is noticed before anything is decrypted', async () => {
  const stored = made('L7C2', { iterations: 10 });
  const [head, body] = [
    stored.slice(0, stored.lastIndexOf('$') + 1),
    stored.slice(stored.lastIndexOf('$') + 1),
  ];
  const bytes = Buffer.from(body, 'base64');
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i]! ^= 1;
    await rejected(head + changed.toString('base64'), passphrase, 'passphrase-wrong');
  }
});

test('malformed passwords are rejected by their form alone', { timeout: 60_000 }, async () => {
  const good = made('L7C2', { iterations: 10 });
  const legacy = made('L7C');
  const body = good.split('$').at(-1)!;
  const salt = 'AAECAwQFBgcICQoLDA0ODw==';
  const malformed = [
    '$L7C2$',
    '$L7C2$$',
    '$L7C2$zz,AAAA$AAAA',
    `$L7C2$80000000,${salt}$${body}`,
    `$L7C2$ffffffffff,${salt}$${body}`,
    `$L7C2$0,${salt}$${body}`,
    `$L7C2$-1,${salt}$${body}`,
    `$L7C2$f4241,${salt}$${body}`,
    `$L7C2$zza,${salt}$${body}`,
    `$L7C2$a,!${salt}$${body}`,
    `$L7C2$a,AAAAA$${body}`,
    `$L7C2$a,${salt}$${Buffer.alloc(48).toString('base64')}`,
    `${good}$x`,
    `${legacy}$x`,
    legacy.replace('$L7C$', '$L7C$x$'),
    good.slice(0, -80),
    good.replace(/.$/, '!'),
    `${good}\n`,
    `$L7C2$a,${salt}$AAAA`,
    '$L7C$',
    '$L7C$AAAA$AAAA',
    `$L7C$AAAA$${Buffer.alloc(16).toString('base64')}`,
    `$L7C2$a,AAAAA==$${body}`,
    `$L7C$${salt}$`,
    `$L7C$${salt}$AAAA`,
    legacy.replace(/.$/, '*'),
  ];
  for (const stored of malformed) await rejected(stored, passphrase, 'password-malformed');
});
