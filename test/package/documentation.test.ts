import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createSampleGateway, type SampleGateway } from 'gateway-backup/testing';
import ts from 'typescript';
import { codeBlocks, type CodeBlock } from '../docs/markdown.js';
import { installPackage, type InstalledPackage } from './installed-package.js';

// Every ```ts block of README and docs/ is a whole program. It is compiled as it stands, and run, except where its fence
// says no-run: there it would need what a test has not got.
const blocks = codeBlocks().filter(({ language }) => language === 'ts');

describe('the code of the documentation, with nothing but the installed package', () => {
  let installed: InstalledPackage;
  let gateway: SampleGateway;
  let images: string;

  before(async () => {
    installed = await installPackage();
    gateway = await createSampleGateway();
    images = await mkdtemp(join(tmpdir(), 'images-'));
  });
  after(async () => {
    await gateway.remove();
    await rm(images, { recursive: true, force: true });
    await installed[Symbol.asyncDispose]();
  });

  test('is there', () => {
    assert.ok(blocks.length >= 10);
    assert.equal(blocks.filter(({ document }) => document === 'README.md').length, 3);
  });

  test('compiles under strict settings', async () => {
    for (const [index, block] of blocks.entries())
      await installed.write(`block${index}.mts`, `${block.code}\nexport {};\n`);
    assert.deepEqual(problems(installed.folder), []);
  });

  test('for a component and a sink of one’s own with typed errors has fewer than 15 lines', () => {
    const short = blocks.filter(
      ({ code }) => code.includes('collectors:') && code.includes('sink:') && code.includes('isBackupError'),
    );
    assert.ok(short.some(({ code }) => code.trim().split('\n').length < 15));
  });

  for (const [index, block] of blocks.entries()) {
    if (block.notes.includes('no-run')) continue;
    test(`at line ${block.line} of ${block.document} runs`, async () => {
      // The README's blocks are pasted as they are; elsewhere they may have types.
      const code = block.document === 'README.md' ? block.code : ts.transpile(block.code, transpileOptions);
      // Of its own for each: two images made within one second would have one name.
      const folder = await mkdtemp(join(images, 'images-'));
      const file = await installed.write(`block${index}.mjs`, onThisMachine(code, folder));
      const { stderr } = await installed.run(process.execPath, [file]);
      assert.equal(stderr, '');
    });
  }

  /** The sample Gateway instead of one that is not there. */
  function onThisMachine(code: string, folder: string): string {
    return code
      .replaceAll("'/opt/SecureSpan'", `'${gateway.gatewayRoot}'`)
      .replaceAll('/var/backups', folder);
  }
});

const transpileOptions: ts.CompilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 };

/** What a compiler with strict settings says, by document and line. */
function problems(folder: string): string[] {
  const names = blocks.map((_, index) => join(folder, `block${index}.mts`));
  const program = ts.createProgram(names, {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.Node16,
    types: ['node'],
    typeRoots: [join(folder, 'node_modules/@types')],
    strict: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const block: CodeBlock | undefined = blocks[names.indexOf(file?.fileName ?? '')];
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
    const where = block === undefined ? (file?.fileName ?? '') : `${block.document}:${block.line + line}`;
    return `${where} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
