import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mainDatabase } from '#dist/gateway/node-properties.js';

const config = (name: string, values: Record<string, string>): [string, string][] =>
  Object.entries(values).map(([key, value]) => [`node.db.config.${name}.${key}`, value]);

const main = { host: 'db1', name: 'ssg', user: 'gateway', pass: 'secret' };

test('the configuration main is taken, on port 3306 unless it says otherwise', () => {
  assert.deepEqual(mainDatabase(new Map(config('main', main))), {
    host: 'db1',
    port: 3306,
    name: 'ssg',
    user: 'gateway',
    password: 'secret',
  });
  assert.equal(mainDatabase(new Map(config('main', { ...main, port: '3307' })))?.port, 3307);
});

test('a configuration inherits what it does not say itself', () => {
  const properties = new Map([
    ['node.db.configs', 'main,failover'],
    ...config('main', { ...main, type: 'REPL_SLAVE' }),
    ...config('failover', { inheritFrom: 'main', type: 'REPL_MASTER', host: 'db2' }),
  ]);
  assert.deepEqual(mainDatabase(properties), {
    host: 'db2',
    port: 3306,
    name: 'ssg',
    user: 'gateway',
    password: 'secret',
  });
});

test('a master is taken before main, and a slave never', () => {
  const properties = new Map([
    ['node.db.configs', 'main, other'],
    ...config('main', main),
    ...config('other', { ...main, host: 'db2', type: 'REPL_MASTER' }),
  ]);
  assert.equal(mainDatabase(properties)?.host, 'db2');
  assert.equal(mainDatabase(new Map(config('main', { ...main, type: 'REPL_SLAVE' }))), undefined);
});

test('configurations that inherit from each other in a circle end as not configured', () => {
  const properties = new Map([
    ['node.db.configs', 'a,b'],
    ...config('a', { inheritFrom: 'b' }),
    ...config('b', { inheritFrom: 'a' }),
  ]);
  assert.equal(mainDatabase(properties), undefined);
});

test('a configuration without host, name or user names no database', () => {
  for (const key of ['host', 'name', 'user'] as const) {
    assert.equal(mainDatabase(new Map(config('main', { ...main, [key]: ' ' }))), undefined, key);
  }
});

test('a port that is none is an error', () => {
  for (const port of ['0', '65536', 'x', '3306x', '-1']) {
    assert.throws(() => mainDatabase(new Map(config('main', { ...main, port }))), /not a port/, port);
  }
});
