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
      assert.equal(permission.retryAfterSeconds, 60);
    }
  }
  assert.deepEqual({ tried, announced }, { tried: 5, announced: 1 });
  assert.ok(await fail(limiter, '10.0.0.2', 'admin'), 'another address is not concerned');
  now = 59_999;
  const refused = await limiter.begin('10.0.0.1', 'admin');
  assert.deepEqual(refused, { allowed: false, retryAfterSeconds: 1, first: false });
  now = 60_000;
  assert.ok(await fail(limiter, '10.0.0.1', 'admin'), 'the next window is open');
});

test('the limits are those that were asked for', async () => {
  let now = 0;
  const limiter = new LoginLimiter(
    { failuresPerAddress: 3, failuresPerUser: 4, windowSeconds: 10 },
    () => now,
  );
  const tries = async (address: string, login: string): Promise<number> => {
    let tried = 0;
    while (await fail(limiter, address, login)) tried++;
    return tried;
  };
  assert.equal(await tries('10.0.0.1', 'admin'), 3);
  now = 2000;
  assert.equal(await tries('10.0.0.2', 'admin'), 1, 'the user has failed four times now');
  assert.equal(await tries('10.0.0.3', 'other'), 3, 'another user has not');
  const refused = await limiter.begin('10.0.0.2', 'admin');
  assert.deepEqual(refused, { allowed: false, retryAfterSeconds: 10, first: false });
  now = 9999;
  assert.equal(await tries('10.0.0.4', 'admin'), 1);
  now = 10_000;
  assert.equal(await tries('10.0.0.5', 'admin'), 3, 'the failures of the user count no more');
});

test('who is refused while another attempt outlasts the window is told to wait at least a second', async () => {
  let now = 0;
  const limiter = new LoginLimiter({ failuresPerUser: 1 }, () => now);
  const [first, second] = [
    await limiter.begin('10.0.0.1', 'admin'),
    await limiter.begin('10.0.0.1', 'admin'),
  ];
  assert.ok(first.allowed && second.allowed);
  now = 30_000;
  first.finish(true);
  now = 60_000;
  const refused = await limiter.begin('10.0.0.1', 'admin');
  assert.deepEqual(refused, { allowed: false, retryAfterSeconds: 1, first: true });
  second.finish(false);
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
  assert.equal(tried, 10 * 5 + 190, 'the first ten addresses make the fifty failures');
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
  assert.equal(await fail(limiter, '2001:db8:0:0:1:2:3:4', 'admin'), false, 'the same, written in full');
});

test('addresses of different IPv6 networks count apart, however they are written', async () => {
  const limiter = new LoginLimiter({ failuresPerAddress: 1 });
  for (const address of ['1:23::1', '12:3::1', '1:23:0:1::1', '1:23:1::', '1:23:0:2:5:6:7:8', '::1'])
    assert.ok(await fail(limiter, address, 'admin'), address);
  assert.equal(await fail(limiter, '1:23::2', 'admin'), false);
});

test('what is forgotten for want of room is the oldest, and never an attempt that is not over', async () => {
  let now = 0;
  const limiter = new LoginLimiter({ failuresPerAddress: 1 }, () => now);
  const slow = await limiter.begin('slow', 'admin');
  assert.ok(slow.allowed);
  now = 30_000;
  for (const address of ['busy', 'idle']) await fail(limiter, address, 'admin');
  now = 60_000;
  await fail(limiter, 'late', 'admin');
  now = 90_000;
  await fail(limiter, 'busy', 'admin');
  // With slow, late, busy and idle, one more than there is room for.
  for (let host = 0; host < 16_384 - 3; host++) {
    const permission = await limiter.begin(`host ${host}`, 'admin');
    if (permission.allowed) permission.finish(false);
  }
  assert.equal(
    await fail(limiter, 'busy', 'admin'),
    false,
    'its new window is younger than the forgotten one',
  );
  let answered = false;
  const waiting = limiter.begin('slow', 'admin').finally(() => (answered = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(answered, false, 'it waits for the outcome of the first');
  slow.finish(false);
  assert.ok((await waiting).allowed);
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
  assert.equal(limiter.size, 16_384 + 4096);
});
