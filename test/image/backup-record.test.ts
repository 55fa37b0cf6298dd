import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { backupRecord, printBackupRecord, type BackupRecordFacts } from '#dist/image/backup-record.js';
import { parseBackupRecord } from '#dist/image/parse-backup-record.js';
import { rounds, testSeed } from '../support/soak.js';

const at = new Date('2026-01-02T03:04:05.678Z');

describe('the record of a backup', () => {
  it('is printed with one entry a line, in one order, whatever the order of its properties', () => {
    const text = printBackupRecord(backupRecord(facts({ b: [1, { d: 1, c: null }], a: 'x' })));
    assert.equal(text, printBackupRecord(backupRecord(facts({ a: 'x', b: [1, { c: null, d: 1 }] }))));
    assert.equal(
      text,
      `{
  "formatVersion": 1,
  "generator": {"name":"gateway-backup","version":"0.1.0"},
  "gateway": {"version":"9.4.00","node":"node1"},
  "kind": "custom",
  "status": "partial",
  "startedAt": "2026-01-02T03:04:05.678Z",
  "endedAt": "2026-01-02T03:04:05.678Z",
  "components": [
    {"component":"maindb","outcome":"collected","entries":1,"bytes":3,"annotations":{"a":"x","b":[1,{"c":null,"d":1}]}},
    {"component":"os","outcome":"failed","reason":"no such folder","entries":0,"bytes":0}
  ],
  "warnings": [],
  "entries": [
    {"path":"maindb/a","component":"maindb","bytes":3,"sha256":"${'0'.repeat(64)}","mode":"0040","owner":{"uid":1,"gid":2},"modifiedAt":"2026-01-02T03:04:05.678Z","originalName":"/0E="}
  ]
}
`,
    );
  });

  it('is read back as it was, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.array(fc.string()),
        (annotations, warnings) => {
          const record = backupRecord({ ...facts(annotations as never), warnings });
          const parsed = parseBackupRecord(printBackupRecord(record));
          assert.equal(JSON.stringify(parsed.warnings), JSON.stringify(warnings));
          assert.equal(printBackupRecord(parsed), printBackupRecord(record));
        },
      ),
      { seed: testSeed('record'), numRuns: rounds(200, 10_000) },
    );
  });

  it('is refused with the name of what is wrong', () => {
    const good = JSON.parse(printBackupRecord(backupRecord(facts({})))) as Record<string, unknown>;
    assert.ok(parseBackupRecord(JSON.stringify(good)));
    for (const [key, value] of [
      ['formatVersion', 2],
      ['generator', 'x'],
      ['gateway', { version: 1 }],
      ['kind', 'other'],
      ['status', 'failed'],
      ['startedAt', 'yesterday'],
      ['components', {}],
      ['warnings', [1]],
      ['entries', [{ path: 'a' }]],
      ['entries', undefined],
    ] as const) {
      assert.throws(() => parseBackupRecord(JSON.stringify({ ...good, [key]: value })), new RegExp(key));
    }
    for (const text of ['', 'null', '[]', '"x"', '{']) assert.throws(() => parseBackupRecord(text));
  });
});

function facts(
  annotations: NonNullable<BackupRecordFacts['components'][0]['annotations']>,
): BackupRecordFacts {
  return {
    generator: { version: '0.1.0', name: 'gateway-backup' },
    gateway: { node: 'node1', version: '9.4.00' },
    kind: 'custom',
    status: 'partial',
    startedAt: at,
    endedAt: at,
    components: [
      { outcome: 'collected', component: 'maindb', bytes: 3, entries: 1, annotations },
      { component: 'os', outcome: 'failed', reason: 'no such folder', entries: 0, bytes: 0 },
    ],
    warnings: [],
    entries: [
      {
        path: 'maindb/a',
        component: 'maindb',
        bytes: 3,
        compressedBytes: 5,
        crc32: 7,
        sha256: '0'.repeat(64),
        mode: 0o40,
        owner: { uid: 1, gid: 2 },
        modifiedAt: at,
        originalName: Uint8Array.of(0xff, 0x41),
      },
    ],
  };
}
