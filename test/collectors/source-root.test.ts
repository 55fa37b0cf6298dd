import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { listFolder } from '#dist/collectors/list-folder.js';
import { SourceRoot } from '#dist/collectors/source-root.js';
import { makeFiles, temporaryFolder } from './collecting.js';

const ways = { 'asking for the path of what is open': undefined, 'by identity': null };

for (const [way, descriptors] of Object.entries(ways)) {
  describe(`a root (${way})`, () => {
    it('holds its own files, and no other file that is open under the path of one', (test) => {
      const folder = temporaryFolder(test);
      makeFiles(folder, { 'root/file': '', 'root/other': '', 'rootless/file': '', 'outside/file': '' });
      const at = (path: string): Buffer => Buffer.from(join(folder, path));
      symlinkSync('../outside', join(folder, 'root/link'));
      const root = new SourceRoot(join(folder, 'root'), descriptors);
      const holds = (opened: string, path: string): boolean => {
        const descriptor = openSync(at(opened), 'r');
        try {
          return root.holds(descriptor, at(path));
        } finally {
          closeSync(descriptor);
        }
      };
      assert.equal(holds('root/file', 'root/file'), true);
      assert.equal(holds('outside/file', 'root/file'), false);
      assert.equal(holds('outside/file', 'root/link/file'), false);
      assert.equal(holds('rootless/file', 'rootless/file'), false);
      assert.equal(root.contains(at('root')), true);
      assert.equal(root.contains(at('roo')), false);
      assert.equal(root.contains(at('rootless')), false);
      assert.equal(new SourceRoot('/', descriptors).contains(at('anything')), true);
    });

    it('shows no names of a folder outside', (test) => {
      const folder = temporaryFolder(test);
      makeFiles(folder, { 'outside/deep/secret-name': '' });
      mkdirSync(join(folder, 'root'));
      symlinkSync('../outside', join(folder, 'root/link'));
      const root = new SourceRoot(join(folder, 'root'), descriptors);
      for (const path of ['root/link/deep', 'root/link', 'root/nothing']) {
        assert.equal(listFolder(Buffer.from(join(folder, path)), root), undefined, path);
      }
      assert.deepEqual(listFolder(Buffer.from(join(folder, 'root')), root), [
        { name: Buffer.from('link'), kind: 'link' },
      ]);
    });
  });
}
