import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { isLocalAddress } from '#dist/database/locality.js';

const machine = { interfaces: () => ['127.0.0.1', '10.1.2.3', '::1', 'fe80::1%eth0', '2001:db8::7'] };

const cases: readonly (readonly [host: string, local: boolean, address?: string])[] = [
  ['127.0.0.1', true],
  ['127.0.0.2', true],
  ['10.1.2.3', true],
  ['10.1.2.4', false],
  ['::1', true],
  ['[::1]', true],
  ['0:0:0:0:0:0:0:1', true],
  ['2001:DB8::7', true],
  ['2001:db8:0:0::7', true],
  ['2001:db8::8', false],
  ['fe80::1', true],
  ['::ffff:10.1.2.3', true],
  ['::ffff:10.1.2.4', false],
  ['192.0.2.1', false],
];

for (const [host, local] of cases) {
  test(`${host} is ${local ? 'local' : 'not local'}`, async () => {
    const lookup = (): Promise<string> => assert.fail('an address is not looked up');
    const found = await isLocalAddress(host, { ...machine, lookup });
    assert.equal(found.local, local);
    assert.equal(found.warning, undefined);
    assert.match(found.explanation, local ? /is this machine\.$/ : /is another machine/);
  });
}

test('a name is judged by the first address that it resolves to', async () => {
  const own = await isLocalAddress('db.example', { ...machine, lookup: () => Promise.resolve('10.1.2.3') });
  assert.deepEqual([own.local, own.address], [true, '10.1.2.3']);
  const other = await isLocalAddress('db.example', { ...machine, lookup: () => Promise.resolve('10.9.9.9') });
  assert.deepEqual([other.local, other.address], [false, '10.9.9.9']);
  assert.match(other.explanation, /"db\.example" \(10\.9\.9\.9\)/);
});

test('a name that does not resolve is not local, with a warning', async () => {
  const found = await isLocalAddress('nowhere.invalid', {
    ...machine,
    lookup: () => Promise.reject(new Error('ENOTFOUND')),
  });
  assert.equal(found.local, false);
  assert.equal(found.address, undefined);
  assert.match(found.warning ?? '', /"nowhere\.invalid" cannot be resolved/);
});

test('the system is asked by default', async () => {
  assert.equal((await isLocalAddress('localhost')).local, true);
  assert.equal((await isLocalAddress('gateway-backup-test.invalid')).local, false);
  const [own] = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  if (own !== undefined) assert.equal((await isLocalAddress(own.address)).local, true);
});
