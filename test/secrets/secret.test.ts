import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { Secret } from 'gateway-backup';
import { resolveSecret } from '#dist/secrets/secret.js';

test('a secret shows itself in no way but when asked to', () => {
  const secret = new Secret('canary');
  assert.equal(String(secret), '[secret]');
  assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}');
  assert.equal(inspect({ secret }, { depth: 9, showHidden: true }), '{ secret: [secret] }');
  assert.equal(format('%s %o %j', secret, secret, secret), '[secret] [secret] "[secret]"');
  assert.deepEqual(Object.entries(secret), []);
  assert.ok(Object.isFrozen(secret));
  assert.equal(secret.reveal(), 'canary');
});

test('a source is a text, a secret, or a function that gives either, at once or later', async () => {
  const secret = new Secret('canary');
  for (const source of ['canary', secret, () => 'canary', () => secret, () => Promise.resolve('canary')]) {
    const resolved = await resolveSecret(source);
    assert.ok(resolved instanceof Secret);
    assert.equal(resolved.reveal(), 'canary');
  }
  assert.equal(await resolveSecret(secret), secret);
});

test('a source that fails fails the one who asked', async () => {
  await assert.rejects(
    resolveSecret(() => Promise.reject(new Error('no vault'))),
    { message: 'no vault' },
  );
});
