import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stampedName } from '#dist/backup/image-name.js';

test('the stamp is the local time, always of fourteen digits', () => {
  assert.equal(stampedName('a.zip', new Date(2026, 0, 2, 3, 4, 5)), '20260102030405_a.zip');
  assert.equal(stampedName('a b.zip', new Date(2024, 1, 29, 23, 59, 59)), '20240229235959_a b.zip');
});
