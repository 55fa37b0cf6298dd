import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sourceFiles } from './source-files.js';

// Every file costs time at every start, a module of Node that is not loaded yet even more. So what is imported only
// answers and checks, and loads what works when it is asked to. A line is only added here for what has to answer at once.

describe('importing the package', () => {
  const { files, others } = loadedWith('index.js');

  test('loads these files, and none that works', () => {
    assert.deepEqual(files, [
      'backup/gateway-backup.js',
      'backup/resolve-gateway-options.js',
      'collectors/applicability.js',
      'collectors/audits-collector.js',
      'collectors/default-collectors.js',
      'collectors/later-collectors.js',
      'collectors/maindb-collector.js',
      'database/open-database-session.js',
      'errors.js',
      'gateway/gateway-layout.js',
      'image/default-level.js',
      'image/image-entry.js',
      'image/image-writer.js',
      'image/verify-image.js',
      'index.js',
      'mapping/mapping-template-generator.js',
      'options/ftp-host.js',
      'options/option-checks.js',
      'options/resolve-options.js',
      'options/switches.js',
      'plan/backup-plan.js',
      'plan/plan-rules.js',
      'secrets/secret.js',
      'sinks/ftp-sink.js',
      'sinks/ftp-target.js',
      'sinks/local-file-sink.js',
      'sinks/retrying-sink.js',
      'support/is-object.js',
    ]);
  });

  test('loads no other package, and of Node only what is quick to load', () => {
    assert.deepEqual(others, ['node:os', 'node:path']);
  });
});

test('the command line loads its tables and nothing else before it knows what to do', () => {
  assert.deepEqual(loadedWith('cli/main.js'), {
    files: ['cli/main.js', 'cli/program-options.js', 'cli/usage.js', 'options/switches.js'],
    others: [],
  });
});

/** The published files that are loaded with one of them, itself included, and what they import from elsewhere. */
function loadedWith(entry: string): { files: string[]; others: string[] } {
  const published = new Map(sourceFiles('dist', '.js').map((file) => [file.path, file]));
  const files = new Set<string>();
  const others = new Set<string>();
  const visit = (path: string): void => {
    if (files.has(path)) return;
    files.add(path);
    for (const { specifier, target, later } of published.get(path)?.imports ?? []) {
      if (later) continue;
      if (target === undefined) others.add(specifier);
      else visit(target.replace(/\.ts$/u, '.js'));
    }
  };
  visit(entry);
  return { files: [...files].sort(), others: [...others].sort() };
}
