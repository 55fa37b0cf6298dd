import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackupEvent } from 'gateway-backup';
import { EventEmitter } from '#dist/backup/event-emitter.js';

const progress = (bytes: number): BackupEvent => ({ type: 'progress', stage: 'store', bytes });
const warning: BackupEvent = { type: 'warning', message: 'x' };

test('progress is thinned out to one in 500 ms, and its last word is never lost', () => {
  const seen: BackupEvent[] = [];
  let now = 0;
  const emitter = new EventEmitter(
    (event) => seen.push(event),
    () => undefined,
    () => now,
  );
  for (let bytes = 1; bytes <= 20; bytes += 1) {
    emitter.emit(progress(bytes));
    now += 100;
  }
  emitter.emit(warning);
  assert.deepEqual(seen, [progress(1), progress(6), progress(11), progress(16), progress(20), warning]);
});

test('an observer that throws is logged and ignored', () => {
  const logged: unknown[] = [];
  const emitter = new EventEmitter(
    () => {
      throw new Error('broken bar');
    },
    (...values) => logged.push(values),
    () => 0,
  );
  emitter.emit(warning);
  emitter.emit(warning);
  assert.equal(logged.length, 2);
});

test('without an observer nothing happens', () => {
  const logged: unknown[] = [];
  new EventEmitter(
    undefined,
    (...values) => logged.push(values),
    () => 0,
  ).emit(warning);
  assert.deepEqual(logged, []);
});
