import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BackupErrorCode } from 'gateway-backup';
import { errorReasons } from './error-reasons.js';
import { documents, tableRows } from './markdown.js';

/** Held complete by the compiler. */
const codes: Readonly<Record<BackupErrorCode, true>> = {
  INVALID_OPTIONS: true,
  GATEWAY_NOT_CONFIGURED: true,
  NOTHING_TO_BACK_UP: true,
  COMPONENT_FAILED: true,
  SOURCE_UNREADABLE: true,
  DATABASE_UNAVAILABLE: true,
  DATABASE_DUMP_FAILED: true,
  IMAGE_WRITE_FAILED: true,
  IMAGE_INVALID: true,
  MAPPING_TEMPLATE_FAILED: true,
  SINK_UNAVAILABLE: true,
  SINK_REJECTED: true,
  SINK_FAILED: true,
  CANCELLED: true,
  INSUFFICIENT_SPACE: true,
  BUSY: true,
  INTERNAL: true,
};

const catalogue = documents.get('docs/errors.md') ?? '';
const explained = new Set(
  tableRows(catalogue)
    .map(([reasons = '']) => [...reasons.matchAll(/`([^`]+)`/gu)].map(([, reason = '']) => reason))
    .flat(),
);

describe('the error catalogue', () => {
  test('has a section for every code, and none besides', () => {
    assert.deepEqual(
      [...catalogue.matchAll(/^## `([A-Z_]+)`$/gmu)].map(([, code]) => code).sort(),
      Object.keys(codes).sort(),
    );
  });

  const found = errorReasons();

  test('explains every reason that the sources give', () => {
    const missing = found.filter(({ reason }) => !explained.has(reason));
    assert.deepEqual(
      missing.map(({ reason, place }) => `${reason} (${place})`),
      [],
    );
  });

  test('explains no reason that the sources do not give', () => {
    const given = new Set(found.map(({ reason }) => reason));
    assert.deepEqual(
      [...explained].filter((reason) => !given.has(reason)),
      [],
    );
  });
});
