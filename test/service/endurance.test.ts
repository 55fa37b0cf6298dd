import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import { addFileUser } from 'gateway-backup/service';
import { createSampleGateway, SeededRandom, type SampleGateway } from 'gateway-backup/testing';
import { isSoak } from '../support/soak.js';
import { ask } from './support/ask.js';
import { TestAuthority } from './support/certificates.js';
import { until } from './support/service-fixture.js';
import { ServiceProcess } from './support/service-process.js';

const admin = 'admin:sample-Admin-1';
const image = '/ssg/backup?node=Gateway1';
const mebibyte = 1024 * 1024;

let gateway: SampleGateway;
let folder: string;
let authority: TestAuthority;

before(async () => {
  gateway = await createSampleGateway();
  folder = gateway.hostPath('service');
  await mkdir(join(folder, 'work'), { recursive: true });
  authority = new TestAuthority(folder);
  await addFileUser(join(folder, 'users.json'), {
    login: 'admin',
    password: 'sample-Admin-1',
    administrator: true,
  });
});

after(async () => {
  await gateway.remove();
});

/**
 * By default the C library keeps what is freed: after two hours 280 of 300 MiB were free, in pieces that grow with the most
 * connections there ever were. With a fixed threshold it gives large blocks back, so that what is resident is in use.
 */
const givingBack = { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };

function start(env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
  const certificate = authority.issue('server');
  const config = {
    gatewayRoot: gateway.gatewayRoot,
    hostRoot: gateway.hostRoot,
    workDirectory: 'work',
    listen: { host: '127.0.0.1', port: 0 },
    tls: { certificate: certificate.certificateFile, key: certificate.keyFile },
    users: { file: 'users.json' },
    audit: { file: 'audit.jsonl' },
    cluster: [{ name: 'Gateway1', local: true }],
    connectors: 'any',
  };
  return ServiceProcess.start(folder, config, env);
}

function memory(pid: number, what: 'VmHWM' | 'VmRSS'): number {
  const kibibytes = new RegExp(`${what}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  return Number(kibibytes) / 1024;
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

test('a large image goes to a slow client in bounded memory', async () => {
  const size = isSoak ? 2048 : 192;
  const large = gateway.resolve('Gateway', 'runtime', 'lib', 'ext', 'large.jar');
  const file = openSync(large, 'w');
  const random = new SeededRandom(1);
  const block = random.bytes(mebibyte);
  for (let written = 0; written < size; written++) {
    block.writeUInt32LE(written, 0);
    writeSync(file, block);
  }
  closeSync(file);
  await using service = await start();
  const socket = tlsConnect({ host: '127.0.0.1', port: service.port, rejectUnauthorized: false });
  const credentials = Buffer.from(admin).toString('base64');
  socket.write(
    `GET ${image} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${credentials}\r\nConnection: close\r\n\r\n`,
  );
  let received = 0;
  let rested = 0;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received - rested < 4 * mebibyte) return;
    // A short rest after every 4 MiB: the server is ahead of its client all the time.
    rested = received;
    socket.pause();
    setTimeout(() => socket.resume(), isSoak ? 200 : 30);
  });
  await new Promise((resolve, reject) => socket.on('close', resolve).on('error', reject));
  const peak = memory(service.pid, 'VmHWM');
  console.log(`${(received / mebibyte).toFixed(0)} MiB sent, peak RSS ${peak.toFixed(0)} MiB`);
  assert.ok(received > size * mebibyte);
  assert.ok(peak <= 160, `${peak} MiB`);
  await until(() => readdirSync(join(folder, 'work')).length === 0);
  rmSync(large);
});

test('a mix of pages, bad logins and backups leaves neither memory nor descriptors behind', async () => {
  const seconds = isSoak ? 7200 : 8;
  await using service = await start(givingBack);
  const { pid, port } = service;
  const samples: Sample[] = [];
  let saidAt = 0;
  const statuses = new Map<string, number>();
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1000;
  let asked = 0;
  const pending = new Set<Promise<void>>();
  while (elapsed() < seconds) {
    const kind = ['page', 'bad login', 'page', 'backup'][asked % 4]!;
    const one = ask({
      port,
      ...(kind === 'backup' ? { path: image } : {}),
      user: kind === 'bad login' ? `intruder-${asked}:wrong` : admin,
      // From many addresses, below the limit of failures of each.
      localAddress: `127.0.${1 + ((asked >> 2) % 200)}.${1 + ((asked >> 10) % 200)}`,
    }).then(
      ({ status }) => void statuses.set(`${kind} ${status}`, (statuses.get(`${kind} ${status}`) ?? 0) + 1),
      () => void statuses.set(`${kind} error`, (statuses.get(`${kind} error`) ?? 0) + 1),
    );
    pending.add(one);
    void one.finally(() => pending.delete(one));
    asked++;
    if (asked % 10 === 0) {
      samples.push({ hours: elapsed() / 3600, rss: memory(pid, 'VmRSS'), fds: descriptors(pid) });
      if (elapsed() - saidAt >= 600) {
        saidAt = elapsed();
        const { rss, fds } = samples.at(-1)!;
        console.log(`after ${(saidAt / 60).toFixed(0)} min: RSS ${rss.toFixed(0)} MiB, ${fds} descriptors`);
      }
    }
    await pause(100);
  }
  await Promise.all(pending);
  const unexpected = [...statuses.keys()].filter(
    (key) => !['page 200', 'bad login 401', 'backup 200', 'backup 503'].includes(key),
  );
  console.log(
    `${asked} requests, ${JSON.stringify([...statuses])}, RSS ${samples.at(-1)!.rss.toFixed(0)} MiB`,
  );
  assert.deepEqual(unexpected, [], JSON.stringify([...statuses]));
  if (isSoak) assertLevel(samples);
  await until(() => descriptors(pid) <= samples[0]!.fds + 1, 10_000);
});

interface Sample {
  readonly hours: number;
  readonly rss: number;
  readonly fds: number;
}

/** Heap, code and pools of memory grow to their working size for twenty minutes; then what stays must stay the same. */
function assertLevel(samples: readonly Sample[]): void {
  const settled = samples.filter(({ hours }) => hours >= 1 / 3);
  // A check of a password takes 16 MiB for a moment, a backup its buffers. What stays is the least of each minute.
  const lowest = lowestOfEachMinute(settled);
  const rssSlope = slope(lowest.map(({ hours, rss }) => [hours, rss]));
  const fdSlope = slope(lowest.map(({ hours, fds }) => [hours, fds]));
  const rawSlope = slope(settled.map(({ hours, rss }) => [hours, rss]));
  console.log(
    `RSS ${rssSlope.toFixed(2)} MiB/h (of all samples ${rawSlope.toFixed(2)}), descriptors ${fdSlope.toFixed(2)}/h`,
  );
  assert.ok(rssSlope < 1, `${rssSlope} MiB/h`);
  assert.ok(Math.abs(fdSlope) < 0.5, `${fdSlope} descriptors/h`);
}

function lowestOfEachMinute(samples: readonly Sample[]): Sample[] {
  const minutes = new Map<number, Sample>();
  for (const sample of samples) {
    const minute = Math.floor(sample.hours * 60);
    const { rss, fds } = minutes.get(minute) ?? sample;
    minutes.set(minute, {
      hours: minute / 60,
      rss: Math.min(rss, sample.rss),
      fds: Math.min(fds, sample.fds),
    });
  }
  return [...minutes.values()];
}

/** Of the straight line nearest to the points. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (index: 0 | 1): number => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return above / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
