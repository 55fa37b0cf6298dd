import { isObject } from '../support/is-object.js';
import { RECORD_FORMAT_VERSION, type BackupRecord } from './backup-record.js';

/** Reads the text of a `backup.json`. Throws an `Error` that names the first property that is not as it should be. */
export function parseBackupRecord(text: string): BackupRecord {
  const record = JSON.parse(text) as unknown;
  checkFields(record, 'backup.json', {
    formatVersion: (value) => value === RECORD_FORMAT_VERSION,
    generator: fields({ name: isText, version: isText }),
    gateway: fields({ version: isText, node: isText }),
    kind: oneOf('standard', 'custom'),
    status: oneOf('success', 'partial'),
    startedAt: isTime,
    endedAt: isTime,
    components: listOf({
      component: isText,
      outcome: oneOf('collected', 'not-applicable', 'failed'),
      reason: optional(isText),
      entries: isCount,
      bytes: isCount,
      annotations: optional(isObject),
    }),
    warnings: (value) => Array.isArray(value) && value.every(isText),
    entries: listOf({
      path: isText,
      component: isText,
      bytes: isCount,
      sha256: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
      mode: (value) => typeof value === 'string' && /^[0-7]{4}$/.test(value),
      owner: optional(fields({ uid: isCount, gid: isCount })),
      modifiedAt: isTime,
      originalName: optional((value) => typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value)),
    }),
  });
  return record as BackupRecord;
}

type Check = (value: unknown) => boolean;
type Checks = Readonly<Record<string, Check>>;

function checkFields(value: unknown, where: string, checks: Checks): void {
  if (!isObject(value)) throw new Error(`${where} is not an object`);
  for (const [key, check] of Object.entries(checks)) {
    if (!check(value[key])) throw new Error(`${where}: ${key} is missing or wrong`);
  }
}

function fields(checks: Checks): Check {
  return (value) => isObject(value) && Object.entries(checks).every(([key, check]) => check(value[key]));
}

function listOf(checks: Checks): Check {
  const check = fields(checks);
  return (value) => Array.isArray(value) && value.every(check);
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function oneOf(...values: readonly string[]): Check {
  return (value) => values.includes(value as string);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}
