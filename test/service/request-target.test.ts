import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attachmentName } from '#dist/service/attachment-name.js';
import { printable } from '#dist/service/printable.js';
import { parseRequestTarget } from '#dist/service/request-target.js';

function parse(target: string): string {
  const parsed = parseRequestTarget(target, '/ssg/backup');
  return parsed.kind === 'backup' ? `${parsed.node}${parsed.includeAudits ? '+audits' : ''}` : parsed.kind;
}

test('only the exact path, with well-formed parameters, is the service', () => {
  const table = {
    '/ssg/backup': 'page',
    '/ssg/backup?': 'page',
    '/ssg/backup?audits=true': 'page',
    '/ssg/backup?node=Gateway1': 'Gateway1',
    '/ssg/backup?node=Gateway1&audits=true': 'Gateway1+audits',
    '/ssg/backup?audits=TRUE&node=Gateway1': 'Gateway1+audits',
    '/ssg/backup?node=Gateway1&audits=yes': 'Gateway1',
    '/ssg/backup?node=My+Node%202': 'My Node 2',
    '/ssg/backup?node=': '',
    '/ssg/backup?node': '',
    '/ssg/backup?node=%c3%a4': 'ä',
    '/ssg/backup?node=a%00': 'a\0',
    '/ssg/backup?node=%ff': 'malformed',
    '/ssg/backup?node=%zz': 'malformed',
    '/ssg/backup?node=a&node=b': 'malformed',
    '/ssg/backup?node=a&audits=true&audits=false': 'malformed',
    '/ssg/backup?node[]=a': 'malformed',
    '/ssg/backup?node=a&audit=true': 'malformed',
    '/ssg/backup?__proto__=a': 'malformed',
    '/ssg/backup?&node=a&': 'a',
    '/ssg/backup?node=a=b': 'a=b',
    [`/ssg/backup?node=${'x'.repeat(2031)}`]: 'x'.repeat(2031),
    [`/ssg/backup?node=${'x'.repeat(2032)}`]: 'too-long',
    '//evil/ssg/backup': 'elsewhere',
    'http://evil/ssg/backup': 'elsewhere',
    'https://evil/ssg/backup?node=a': 'elsewhere',
    '/ssg/backup/': 'elsewhere',
    '/ssg/backup/..;/': 'elsewhere',
    '/ssg%2fbackup': 'elsewhere',
    '/ssg/./backup': 'elsewhere',
    '/SSG/backup': 'elsewhere',
    '/ssg/backup;x=1': 'elsewhere',
    '/ssg/backup#x': 'elsewhere',
    '*': 'elsewhere',
    '': 'elsewhere',
  };
  for (const [target, expected] of Object.entries(table)) assert.equal(parse(target), expected, target);
});

test('what is malformed is told', () => {
  const table = {
    'node=%ff': 'a parameter is not valid UTF-8',
    '%ff=a': 'a parameter is not valid UTF-8',
    'node=a&audit=true': 'the only parameters are node and audits',
    'node=a&node=b': 'the parameter node is repeated',
  };
  for (const [query, explanation] of Object.entries(table)) {
    assert.deepEqual(parseRequestTarget(`/ssg/backup?${query}`, '/ssg/backup'), {
      kind: 'malformed',
      explanation,
    });
  }
});

test('the name of a download is plain, short and ends with .zip', () => {
  assert.equal(attachmentName('Gateway1'), 'Gateway1.zip');
  assert.equal(attachmentName('Gateway1', '-partial'), 'Gateway1-partial.zip');
  const hostile = [
    '',
    '../../x',
    'a"; filename="b',
    'a\r\nX: y',
    '.hidden',
    '-rf',
    'é\u202e',
    'x'.repeat(300),
  ];
  for (const name of hostile)
    assert.match(attachmentName(name), /^[A-Za-z0-9_][A-Za-z0-9._-]{0,95}\.zip$/, name);
});

test('text for a log line has no controls, no escapes of terminals, and a bounded length', () => {
  assert.equal(
    printable('a\r\nb\u001b[31m\u0085\u2028\u202e'),
    'a\\u000d\\u000ab\\u001b[31m\\u0085\\u2028\\u202e',
  );
  assert.equal(printable('x'.repeat(500)).length, 201);
  assert.equal(printable('back\\slash ☃ 😀 \ud800'), 'back\\\\slash ☃ 😀 \\ud800');
});
