import type { ComponentName, JsonValue } from '../collectors/component-collector.js';
import type { ImageEntryRecord } from './image-records.js';

/** The version of the format that this package writes. */
export const RECORD_FORMAT_VERSION = 1;

/**
 * What an image says of the run that made it: the content of `backup.json`.
 *
 * @public
 */
export interface BackupRecord {
  /** Grows when a reader of the earlier form would misread it. */
  readonly formatVersion: 1;
  /** What made the image. */
  readonly generator: { readonly name: string; readonly version: string };
  /** Version and name of the node that was backed up. */
  readonly gateway: { readonly version: string; readonly node: string };
  /** `custom`: only named components were wanted. */
  readonly kind: 'standard' | 'custom';
  /** `success`: every component that was wanted and applies is whole in the image. */
  readonly status: 'success' | 'partial';
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** ISO 8601, UTC; when the last component was in the image. */
  readonly endedAt: string;
  /** In run order. */
  readonly components: readonly RecordedComponent[];
  /** Those of the report, as far as the image was not yet stored. */
  readonly warnings: readonly string[];
  /** In the order of the image, without `backup.json` itself and `manifest.log`. */
  readonly entries: readonly RecordedEntry[];
}

/**
 * What became of one component, in `backup.json`.
 *
 * @public
 */
export interface RecordedComponent {
  /** Its name, as in the plan. */
  readonly component: ComponentName;
  /** Whether all of it is in the image, or nothing. */
  readonly outcome: 'collected' | 'not-applicable' | 'failed';
  /** Why it is not in the image, in a sentence. */
  readonly reason?: string | undefined;
  /** How many entries of the image are its own. */
  readonly entries: number;
  /** Uncompressed. */
  readonly bytes: number;
  /** What its collector had to say, for the database for example whether it is one snapshot. */
  readonly annotations?: Readonly<Record<string, JsonValue>> | undefined;
}

/**
 * One entry of the image, in `backup.json`.
 *
 * @public
 */
export interface RecordedEntry {
  /** Full name in the image. */
  readonly path: string;
  /** The component that it belongs to; empty for an entry of the image itself. */
  readonly component: string;
  /** Uncompressed. */
  readonly bytes: number;
  /** Of the content, lower-case hex. */
  readonly sha256: string;
  /** Permission bits in octal, for example `0640`. */
  readonly mode: string;
  /** Numeric owner of the file, when the entry came from one. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** ISO 8601, UTC. */
  readonly modifiedAt: string;
  /** Base64 of the name's bytes as found, when `path` differs from them. */
  readonly originalName?: string | undefined;
}

/** What the run knows; the entries come from the writer. */
export interface BackupRecordFacts extends Omit<
  BackupRecord,
  'formatVersion' | 'startedAt' | 'endedAt' | 'entries'
> {
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly entries: readonly ImageEntryRecord[];
}

/** The record of a run. */
export function backupRecord(facts: BackupRecordFacts): BackupRecord {
  return {
    formatVersion: RECORD_FORMAT_VERSION,
    generator: facts.generator,
    gateway: facts.gateway,
    kind: facts.kind,
    status: facts.status,
    startedAt: facts.startedAt.toISOString(),
    endedAt: facts.endedAt.toISOString(),
    components: facts.components,
    warnings: facts.warnings,
    entries: facts.entries.map((entry) => ({
      path: entry.path,
      component: entry.component,
      bytes: entry.bytes,
      sha256: entry.sha256,
      mode: entry.mode.toString(8).padStart(4, '0'),
      owner: entry.owner,
      modifiedAt: entry.modifiedAt.toISOString(),
      originalName:
        entry.originalName === undefined ? undefined : Buffer.from(entry.originalName).toString('base64'),
    })),
  };
}

/**
 * The text of `backup.json`. The same record gives the same text, whatever the order in which its properties were made.
 * One entry a line, so that two images can be compared with line tools.
 */
export function printBackupRecord(record: BackupRecord): string {
  const { formatVersion, generator, gateway, kind, status, startedAt, endedAt } = record;
  const head = {
    formatVersion,
    generator: { name: generator.name, version: generator.version },
    gateway: { version: gateway.version, node: gateway.node },
    kind,
    status,
    startedAt,
    endedAt,
  };
  const fields = [
    ...Object.entries(head).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`),
    `"components": ${list(record.components.map(componentText))}`,
    `"warnings": ${list(record.warnings.map((warning) => JSON.stringify(warning)))}`,
    `"entries": ${list(record.entries.map(entryText))}`,
  ];
  return `{\n  ${fields.join(',\n  ')}\n}\n`;
}

function list(items: readonly string[]): string {
  return items.length === 0 ? '[]' : `[\n    ${items.join(',\n    ')}\n  ]`;
}

function componentText({
  component,
  outcome,
  reason,
  entries,
  bytes,
  annotations,
}: RecordedComponent): string {
  return JSON.stringify({
    component,
    outcome,
    reason,
    entries,
    bytes,
    annotations: annotations === undefined ? undefined : sorted(annotations),
  });
}

function entryText({
  path,
  component,
  bytes,
  sha256,
  mode,
  owner,
  modifiedAt,
  originalName,
}: RecordedEntry): string {
  return JSON.stringify({
    path,
    component,
    bytes,
    sha256,
    mode,
    owner: owner === undefined ? undefined : { uid: owner.uid, gid: owner.gid },
    modifiedAt,
    originalName,
  });
}

/** A collector may give its facts in any order of keys. */
function sorted(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => sorted(item));
  const pairs = Object.entries(value as Readonly<Record<string, JsonValue>>);
  return Object.fromEntries(
    pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([key, item]) => [key, sorted(item)]),
  );
}
