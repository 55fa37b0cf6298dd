import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { programOptions } from '#dist/cli/program-options.js';
import { completionScript } from '#dist/cli/completion.js';
import { manualPage } from '#dist/cli/manual-page.js';
import { usage } from '#dist/cli/usage.js';
import { switchTable } from '#dist/options/switches.js';

const names = [...Object.values(switchTable).map((row) => row.switch), ...Object.keys(programOptions)];

test('usage text and completion scripts name every switch', () => {
  for (const text of [usage(), completionScript('bash'), completionScript('zsh')]) {
    for (const name of names) assert.ok(text.includes(name), name);
  }
  const fish = completionScript('fish');
  for (const name of names)
    assert.match(fish, new RegExp(` -[lo] ${name.replace(/^--?/, '')}( |$)`, 'm'), name);
});

test('the bash script completes switches and nothing else', () => {
  const script = `${completionScript('bash')}
COMP_WORDS=(ssgbackup -ftp_); COMP_CWORD=1; _ssgbackup; echo "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(stdout, '-ftp_host -ftp_user -ftp_pass\n');
});

test('an unknown shell is an error that names the known', () => {
  assert.throws(() => completionScript('toString'), /bash, zsh, fish/);
});

test('the manual page names every switch and has no line that roff takes for an unknown request', () => {
  const page = manualPage('1.2.3');
  for (const name of names) assert.ok(page.includes(name.replaceAll('-', '\\-')), name);
  for (const line of page.split('\n')) assert.match(line, /^(?!\.|')|^\.(TH|SH|TP|B|I) ?/, line);
});
