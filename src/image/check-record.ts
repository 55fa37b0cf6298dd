import type { BackupRecord, RecordedEntry } from './backup-record.js';
import { MANIFEST_ENTRY, RECORD_ENTRY } from './entry-path.js';
import type { ImageFaults } from './image-fault.js';
import { unixTimeOf } from './zip-layout.js';
import type { ZipDirectoryEntry } from './zip-reader.js';

/** Compares `backup.json` with the directory: the same entries in the same order, sizes, modes and times. */
export function checkRecord(
  record: BackupRecord,
  entries: readonly ZipDirectoryEntry[],
  faults: ImageFaults,
): ReadonlyMap<string, RecordedEntry> {
  const recorded = new Map(record.entries.map((entry) => [entry.path, entry]));
  if (recorded.size !== record.entries.length) faults.add('record', 'it lists an entry twice', RECORD_ENTRY);
  const found = entries.filter(({ path }) => path !== RECORD_ENTRY && path !== MANIFEST_ENTRY);
  for (const entry of found) {
    const expected = recorded.get(entry.path);
    if (expected === undefined) faults.add('unlisted', `${RECORD_ENTRY} does not list it`, entry.path);
    else compare(entry, expected, faults);
  }
  const names = new Set(found.map(({ path }) => path));
  for (const { path } of record.entries) {
    if (!names.has(path)) faults.add('missing', `${RECORD_ENTRY} lists it, but it is not in the image`, path);
  }
  if (faults.none && found.some(({ path }, index) => path !== record.entries[index]!.path)) {
    faults.add('record', 'the entries are in another order than it lists them', RECORD_ENTRY);
  }
  checkOwnEntries(entries, faults);
  checkComponents(record, faults);
  return recorded;
}

/** `backup.json` cannot speak of itself, nor of the manifest: they always look the same. */
function checkOwnEntries(entries: readonly ZipDirectoryEntry[], faults: ImageFaults): void {
  const own = entries.filter(({ path }) => path === RECORD_ENTRY || path === MANIFEST_ENTRY);
  for (const entry of own) {
    if (entry.externalAttributes >>> 0 !== 0o100600 * 0x10000)
      faults.add('metadata', 'its mode is not 0600', entry.path);
    if (unixTimeOf(entry) !== unixTimeOf(own[0]!)) {
      faults.add('metadata', `its time is not that of ${own[0]!.path}`, entry.path);
    }
  }
}

function compare(entry: ZipDirectoryEntry, expected: RecordedEntry, faults: ImageFaults): void {
  const { path, bytes, externalAttributes } = entry;
  if (bytes !== expected.bytes) {
    faults.add('size', `it should have ${expected.bytes} bytes, the directory says ${bytes}`, path);
  }
  if (externalAttributes >>> 0 !== (0o100000 | parseInt(expected.mode, 8)) * 0x10000) {
    faults.add('metadata', `its mode is not ${expected.mode}`, path);
  }
  const time = Math.floor(Date.parse(expected.modifiedAt) / 1000);
  // What a zip can hold.
  if (unixTimeOf(entry) !== Math.min(Math.max(time, 0), 0x7fffffff)) {
    faults.add('metadata', `its time is not ${expected.modifiedAt}`, path);
  }
}

function checkComponents(record: BackupRecord, faults: ImageFaults): void {
  const counts = new Map<string, { entries: number; bytes: number }>();
  for (const { component, bytes } of record.entries) {
    const count = counts.get(component) ?? { entries: 0, bytes: 0 };
    counts.set(component, { entries: count.entries + 1, bytes: count.bytes + bytes });
  }
  const outcomes = new Map(record.components.map((component) => [component.component, component]));
  if (outcomes.size !== record.components.length)
    faults.add('components', 'a component is listed twice', RECORD_ENTRY);
  for (const component of counts.keys()) {
    if (component === '' || outcomes.get(component)?.outcome === 'collected') continue;
    faults.add(
      'components',
      `there are entries of ${component}, which is not listed as collected`,
      RECORD_ENTRY,
    );
  }
  for (const { component, outcome, entries, bytes } of record.components) {
    const count = counts.get(component) ?? { entries: 0, bytes: 0 };
    if (count.entries !== entries || count.bytes !== bytes) {
      faults.add(
        'components',
        `${component} should have ${entries} entries of ${bytes} bytes, there are ${count.entries} of ${count.bytes}`,
        RECORD_ENTRY,
      );
    }
    if (outcome === 'failed' && record.status === 'success') {
      faults.add('components', `${component} failed, and yet the backup is called a success`, RECORD_ENTRY);
    }
  }
}
