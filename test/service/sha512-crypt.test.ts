import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { parseSha512Crypt, sha512Crypt } from '#dist/service/passwords/sha512-crypt.js';

async function crypt(password: string, settings: string): Promise<string> {
  return sha512Crypt(password, parseSha512Crypt(settings)!);
}

test('the hash agrees with that of openssl for passwords and salts of every length', async () => {
  const passwords = ['a', 'pässwörd ☃', 'x'.repeat(63), 'y'.repeat(64), 'z'.repeat(65), 'long '.repeat(40)];
  const salts = ['a', 'salt5678', '0123456789abcdef', './'];
  for (const [index, password] of passwords.entries()) {
    const salt = salts[index % salts.length]!;
    const expected = execFileSync('openssl', ['passwd', '-6', '-salt', salt, '-stdin'], {
      input: `${password}\n`,
    });
    assert.equal(await crypt(password, `$6$${salt}$`), expected.toString().trim(), JSON.stringify(password));
  }
});

test('the hash agrees with that of openssl for a number of rounds, and keeps within its bounds', async () => {
  for (const settings of [
    'rounds=1000$salt',
    'rounds=4999$0123456789abcdef',
    'rounds=12345$a',
    'rounds=10$toofew',
    'rounds=1001$a salt that is too long',
  ]) {
    const expected = execFileSync('openssl', ['passwd', '-6', '-salt', settings, 'Hello world!'])
      .toString()
      .trim();
    assert.equal(await crypt('Hello world!', `$6$${settings}$`), expected);
  }
});

test('what is not SHA-512 crypt, or would take seconds, is not read', () => {
  for (const stored of [
    '',
    '$5$salt$x',
    '$1$salt$x',
    'secret',
    '$6',
    '$6$rounds=999999999$salt$x',
    '$6$rounds=2000001$salt$x',
    'x$6$salt$x',
  ]) {
    assert.equal(parseSha512Crypt(stored), undefined, stored);
  }
  assert.equal(parseSha512Crypt('$6$rounds=2000000$salt$x')?.rounds, 2_000_000);
  assert.equal(parseSha512Crypt('$6$salt')?.salt, 'salt', 'bare settings need no dollar at the end');
});

test('a long hash gives way to other work every five hundred rounds', async () => {
  let turns = 0;
  let over = false;
  const other = (): void => {
    turns++;
    if (!over) setImmediate(other);
  };
  setImmediate(other);
  await crypt('secret', '$6$rounds=5000$salt$');
  over = true;
  assert.ok(turns >= 9 && turns <= 11, `${turns} turns`);
});
