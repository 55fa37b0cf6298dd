import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sourceFiles, type SourceFile } from './source-files.js';

const files = sourceFiles('src');

/**
 * Which room may use which, besides the errors, events and report that all share. `types` are rooms whose types alone
 * may be named. A line is only added here with a reason that holds in docs/design.md, too.
 */
const rooms: Readonly<
  Record<string, { readonly values: readonly string[]; readonly types: readonly string[] }>
> = {
  support: { values: [], types: [] },
  secrets: { values: ['support'], types: [] },
  options: { values: ['secrets', 'support'], types: ['collectors'] },
  // Dumps are compressed block by block, by the same compressor as everything else in an image.
  database: { values: ['image', 'secrets', 'support'], types: ['gateway', 'collectors'] },
  image: { values: ['support'], types: ['collectors', 'sinks'] },
  gateway: { values: ['database', 'image', 'secrets', 'support'], types: ['options'] },
  collectors: { values: ['database', 'gateway', 'image', 'support'], types: [] },
  plan: { values: ['options'], types: ['collectors', 'gateway'] },
  sinks: { values: ['options', 'secrets', 'support'], types: ['image'] },
  mapping: { values: ['support'], types: ['database'] },
  backup: {
    values: [
      'collectors',
      'database',
      'gateway',
      'image',
      'mapping',
      'options',
      'plan',
      'secrets',
      'sinks',
      'support',
    ],
    types: [],
  },
  service: {
    values: ['backup', 'database', 'gateway', 'options', 'secrets', 'sinks', 'support'],
    types: ['collectors', 'plan'],
  },
  testing: { values: ['collectors', 'image', 'support'], types: ['database', 'gateway', 'sinks'] },
  cli: {
    values: ['backup', 'gateway', 'image', 'options', 'plan', 'secrets', 'service', 'support'],
    types: ['collectors', 'database', 'mapping', 'sinks'],
  },
};

/** Files that all rooms may use. */
const shared = ['errors.ts', 'events.ts', 'report.ts'];

describe('layers', () => {
  test('every room is known here', () => {
    const unknown = files.map(roomOf).filter((room) => !room.endsWith('.ts') && !(room in rooms));
    assert.deepEqual(unknown, []);
  });

  test('no room uses a room that is not below it', () => {
    const wrong = files.flatMap((file) => {
      const allowed = rooms[roomOf(file)];
      if (allowed === undefined) return [];
      return file.imports.flatMap(({ target, typeOnly, specifier }) => {
        if (target === undefined || shared.includes(target)) return [];
        const room = target.split('/')[0] ?? '';
        const rooms = [roomOf(file), ...allowed.values, ...(typeOnly ? allowed.types : [])];
        return rooms.includes(room)
          ? []
          : [`${file.path} imports ${typeOnly ? 'types of ' : ''}${specifier}`];
      });
    });
    assert.deepEqual(wrong, []);
  });

  test('the rooms use each other in one direction only', () => {
    const done = new Set<string>();
    const visit = (room: string, path: readonly string[]): void => {
      assert.ok(!path.includes(room), `${[...path, room].join(' -> ')} is a circle`);
      if (done.has(room)) return;
      for (const next of rooms[room]?.values ?? []) visit(next, [...path, room]);
      done.add(room);
    };
    for (const room of Object.keys(rooms)) visit(room, []);
  });

  test('nothing imports the public entry, and nothing but the programs the command line', () => {
    assert.deepEqual(
      importers((target) => target === 'index.ts'),
      [],
    );
    assert.deepEqual(
      importers((target) => target.startsWith('cli/')).filter((path) => !path.startsWith('cli/')),
      [],
    );
  });

  test('collectors know no writer and no sink, sinks know no collector and no plan', () => {
    const collectorFiles = importers(
      (target) => /^image\/(?:zip-)?image-writer/u.test(target) || target.startsWith('sinks/'),
    );
    assert.deepEqual(
      collectorFiles.filter((path) => path.startsWith('collectors/')),
      [],
    );
    const sinkFiles = importers((target) => target.startsWith('collectors/') || target.startsWith('plan/'));
    assert.deepEqual(
      sinkFiles.filter((path) => path.startsWith('sinks/')),
      [],
    );
  });

  test('the rules of options and plan are pure: they import no module of Node', () => {
    const impure = files
      .filter((file) => ['options', 'plan'].includes(roomOf(file)))
      .filter((file) => file.imports.some(({ specifier }) => specifier.startsWith('node:')))
      .map(({ path }) => path);
    assert.deepEqual(impure, []);
  });

  test('only the command line writes to the console or knows its process', () => {
    const talkative = files
      .filter((file) => roomOf(file) !== 'cli')
      .filter(({ code }) =>
        /\bconsole\.|\bprocess\.(?:exit\b|exitCode|argv|env|stdin|stdout|stderr)/u.test(code),
      )
      .map(({ path }) => path);
    assert.deepEqual(talkative, []);
  });
});

describe('packages of others', () => {
  const sites: Readonly<Record<string, RegExp>> = {
    'basic-ftp': /^sinks\/ftp-control-connection\.ts$/u,
    debug: /^support\/log\.ts$/u,
    mysql2: /^database\/mysql-wire\.ts$/u,
    saxes: /^mapping\/[^/]+\.ts$/u,
    yauzl: /^image\/[^/]+\.ts$/u,
    yazl: /^image\/yazl-zip\.ts$/u,
  };
  const used = new Map<string, Set<string>>();
  for (const file of files) {
    for (const { specifier } of file.imports) {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) continue;
      const name = packageName(specifier);
      used.set(name, (used.get(name) ?? new Set()).add(file.path));
    }
  }

  test('no other package is imported', () => {
    assert.deepEqual([...used.keys()].filter((name) => !(name in sites)).sort(), []);
  });

  for (const [name, site] of Object.entries(sites)) {
    test(`${name} is imported in one file`, () => {
      const paths = [...(used.get(name) ?? [])];
      assert.equal(paths.length, 1, paths.join(', '));
      assert.match(paths[0] ?? '', site);
    });
  }
});

function roomOf({ path }: SourceFile): string {
  return path.split('/')[0] ?? '';
}

function importers(matches: (target: string) => boolean): string[] {
  return files
    .filter((file) => file.imports.some(({ target }) => target !== undefined && matches(target)))
    .map(({ path }) => path);
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
