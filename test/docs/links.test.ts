import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../architecture/source-files.js';
import { documents } from './markdown.js';

test('every link inside the documentation leads somewhere', () => {
  const broken: string[] = [];
  for (const [document, text] of documents) {
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/gu)) {
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? document : normalize(join(dirname(document), file));
      const exists = existsSync(join(projectRoot, path));
      const leads = anchor === undefined || anchors(documents.get(path) ?? '').has(anchor);
      if (!exists || !leads) broken.push(`${document}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

/** The anchors that headings get. */
function anchors(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gmu)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
