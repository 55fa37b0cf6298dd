import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { isBackupError } from 'gateway-backup';
import { decodeGatewayPassword } from '#dist/secrets/gateway-password.js';
import { Secret } from '#dist/secrets/secret.js';

const clear = 'pass word:=#€ 7layer';
const passphrase = 'cluster-passphrase-1';

/** The stored forms as an independent tool makes them: python's hashlib, and openssl for AES. */
function made(kind: 'L7C2' | 'L7C', iterations = 6000, key = passphrase): string {
  const script = `
import base64, hashlib, hmac, subprocess, sys
kind, clear, passphrase, iterations = sys.argv[1], sys.argv[2].encode(), sys.argv[3], int(sys.argv[4])
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
  return execFileSync('python3', ['-c', script, kind, clear, key, String(iterations)], { encoding: 'utf8' });
}

test('a plain password stays as it is, and no passphrase is asked for', async () => {
  for (const plain of ['7layer', '', '$L7X$abc', '$l7c2$', ' spaces ']) {
    const decoded = await decodeGatewayPassword(new Secret(plain), () => assert.fail('not needed'));
    assert.equal(decoded.reveal(), plain);
  }
});

test('a $L7C2$ password is decoded as an independent tool encoded it', async () => {
  for (const iterations of [1, 6000, 8192]) {
    const decoded = await decodeGatewayPassword(new Secret(made('L7C2', iterations)), passphrase);
    assert.equal(decoded.reveal(), clear);
  }
  const latin = 'pässphrase';
  assert.equal((await decodeGatewayPassword(new Secret(made('L7C2', 10, latin)), latin)).reveal(), clear);
});

test('a $L7C$ password is decoded as an independent tool encoded it', async () => {
  const decoded = await decodeGatewayPassword(new Secret(made('L7C')), () => Promise.resolve(passphrase));
  assert.equal(decoded.reveal(), clear);
});

async function rejected(stored: string, given: string | undefined, reason: string): Promise<void> {
  const started = performance.now();
  await assert.rejects(decodeGatewayPassword(new Secret(stored), given), (error: unknown) => {
    assert.ok(isBackupError(error), String(error));
    assert.equal(error.code, 'DATABASE_UNAVAILABLE');
    assert.equal(error.reason, reason);
    const shown = inspect(error, { depth: 9 }) + JSON.stringify(error);
    for (const secret of [stored, given ?? passphrase, clear]) {
      if (secret.length > 3) assert.ok(!shown.includes(secret), `shows a value: ${shown}`);
    }
    return true;
  });
  assert.ok(performance.now() - started < 1000, 'rejected at once');
}

test('an encrypted password without a passphrase says where to give one', async () => {
  await rejected(made('L7C2'), undefined, 'passphrase-missing');
  await rejected(made('L7C2'), '', 'passphrase-missing');
  await rejected(made('L7C'), undefined, 'passphrase-missing');
});

test('a wrong passphrase is told from a damaged password', async () => {
  await rejected(made('L7C2'), 'another passphrase', 'passphrase-wrong');
  await rejected(made('L7C'), 'another passphrase', 'passphrase-wrong');
});

test('a changed byte anywhere in a $L7C2$ password is noticed before anything is decrypted', async () => {
  const stored = made('L7C2', 10);
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

test('malformed passwords are rejected by their form alone', async () => {
  const good = made('L7C2', 10);
  const legacy = made('L7C');
  const malformed = [
    '$L7C2$',
    '$L7C2$$',
    '$L7C2$zz,AAAA$AAAA',
    '$L7C2$80000000,AAECAwQFBgcICQoLDA0ODw==$' + good.split('$').at(-1)!,
    '$L7C2$ffffffffff,AAECAwQFBgcICQoLDA0ODw==$' + good.split('$').at(-1)!,
    '$L7C2$0,AAECAwQFBgcICQoLDA0ODw==$' + good.split('$').at(-1)!,
    '$L7C2$-1,AAECAwQFBgcICQoLDA0ODw==$' + good.split('$').at(-1)!,
    good.slice(0, -80),
    good.replace(/.$/, '!'),
    `${good}\n`,
    '$L7C2$a,AAECAwQFBgcICQoLDA0ODw==$AAAA',
    '$L7C$',
    '$L7C$AAAA$AAAA',
    '$L7C$AAECAwQFBgcICQoLDA0ODw==$',
    '$L7C$AAECAwQFBgcICQoLDA0ODw==$AAAA',
    legacy.replace(/.$/, '*'),
  ];
  for (const stored of malformed) await rejected(stored, passphrase, 'password-malformed');
});
