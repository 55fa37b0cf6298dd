import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoginLimiter } from '#dist/service/login-limiter.js';

async function fail(limiter: LoginLimiter, address: string, login: string): Promise<boolean> {
  const permission = await limiter.begin(address, login);
  if (permission.allowed) permission.finish(true);
  return permission.allowed;
}

test('five failures from one address are tried, the rest is refused until the window ends, and said once', async () => {
  let now = 0;
  const limiter = new LoginLimiter({}, () => now);
  let tried = 0;
  let announced = 0;
  for (let attempt = 0; attempt < 1000; attempt++) {
    const permission = await limiter.begin('10.0.0.1', 'admin');
    if (permission.allowed) {
      tried++;
      permission.finish(true);
    } else {
      if (permission.first) announced++;
      assert.ok(permission.retryAfterSeconds > 0 && permission.retryAfterSeconds <= 60);
    }
  }
  assert.deepEqual({ tried, announced }, { tried: 5, announced: 1 });
  assert.ok(await fail(limiter, '10.0.0.2', 'admin'), 'another address is not concerned');
  now = 60_001;
  assert.ok(await fail(limiter, '10.0.0.1', 'admin'), 'the next window is open');
});

test('a thousand attempts at once get no more tries than a thousand in a row', async () => {
  const limiter = new LoginLimiter();
  let tried = 0;
  await Promise.all(
    Array.from({ length: 1000 }, async () => {
      const permission = await limiter.begin('10.0.0.1', 'admin');
      if (!permission.allowed) return;
      tried++;
      await new Promise((resolve) => setImmediate(resolve));
      permission.finish(true);
    }),
  );
  assert.equal(tried, 5);
});

test('a hundred right logins at once all pass', async () => {
  const limiter = new LoginLimiter();
  let passed = 0;
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      const permission = await limiter.begin('10.0.0.1', 'admin');
      if (!permission.allowed) return;
      await new Promise((resolve) => setImmediate(resolve));
      passed++;
      permission.finish(false);
    }),
  );
  assert.equal(passed, 100);
});

test('one user attacked from 200 addresses: a few tries each, then one, and the user is never locked out', async () => {
  const limiter = new LoginLimiter();
  let tried = 0;
  for (let host = 0; host < 200; host++) {
    for (let attempt = 0; attempt < 5; attempt++) if (await fail(limiter, `10.0.0.${host}`, 'admin')) tried++;
  }
  assert.ok(tried <= 50 + 200, `${tried} tries`);
  const permission = await limiter.begin('192.0.2.1', 'admin');
  assert.ok(permission.allowed);
});

test('addresses of one IPv6 network count as one', async () => {
  const limiter = new LoginLimiter();
  let tried = 0;
  for (let host = 1; host <= 50; host++)
    if (await fail(limiter, `2001:db8::${host.toString(16)}`, 'admin')) tried++;
  assert.equal(tried, 5);
  assert.ok(await fail(limiter, '2001:db8:0:1::1', 'admin'));
});

test('what an attack has brought in is forgotten when its window is over', async () => {
  let now = 0;
  const limiter = new LoginLimiter({}, () => now);
  for (let host = 0; host < 200; host++) await fail(limiter, `10.0.0.${host}`, `user-${host}`);
  const pending = await limiter.begin('10.0.1.1', 'slow');
  assert.ok(pending.allowed);
  assert.equal(limiter.size, 401);
  now = 60_001;
  await fail(limiter, '10.0.2.1', 'late');
  assert.equal(limiter.size, 3, 'the late one, and the attempt that has not ended');
  pending.finish(true);
});

test('100,000 addresses and logins take at most 10 MiB', async () => {
  const limiter = new LoginLimiter();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let host = 0; host < 100_000; host++) {
    await fail(
      limiter,
      `10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`,
      `user-${host}-${'x'.repeat(200)}`,
    );
  }
  globalThis.gc?.();
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(globalThis.gc === undefined || grown <= 10 * 1024 * 1024, `${grown} bytes`);
  assert.ok(limiter.size <= 16_384 + 4096, `${limiter.size} counts`);
});
