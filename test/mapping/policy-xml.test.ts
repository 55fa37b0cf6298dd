import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { customIpAddresses } from '#dist/mapping/policy-xml.js';

const namespace = 'http://www.layer7tech.com/ws/policy';

function addresses(policy: string | Buffer, signal?: AbortSignal): Promise<readonly string[]> {
  return customIpAddresses(Buffer.from(policy as string), signal);
}

function policy(items: string, prefix = 'L7p'): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsp:Policy xmlns:${prefix}="${namespace}" xmlns:wsp="http://schemas.xmlsoap.org/ws/2002/12/policy"><wsp:All wsp:Usage="Required">
<${prefix}:HttpRoutingAssertion><${prefix}:CustomIpAddresses stringArrayValue="included">${items}</${prefix}:CustomIpAddresses>
<${prefix}:ProtectedServiceUrl stringValue="http://backend:8080/"/></${prefix}:HttpRoutingAssertion></wsp:All></wsp:Policy>`;
}

test('the items of a routing assertion are found, in order, doubles too', async () => {
  const items =
    '<L7p:item stringValue="10.0.0.5"/><L7p:item stringValue="10.0.0.6"/><L7p:item stringValue="10.0.0.5"/>';
  assert.deepEqual(await addresses(policy(items)), ['10.0.0.5', '10.0.0.6', '10.0.0.5']);
});

test('any prefix will do, none too, and one that changes its meaning', async () => {
  assert.deepEqual(await addresses(policy('<x:item stringValue="1"/>', 'x')), ['1']);
  assert.deepEqual(
    await addresses(
      `<HttpRoutingAssertion xmlns="${namespace}"><CustomIpAddresses><item stringValue="2"/></CustomIpAddresses></HttpRoutingAssertion>`,
    ),
    ['2'],
  );
  assert.deepEqual(
    await addresses(
      `<a xmlns:p="urn:x"><p:HttpRoutingAssertion xmlns:p="${namespace}"><q:CustomIpAddresses xmlns:q="${namespace}"><item xmlns="${namespace}" q:stringValue="3"/><p:item xmlns:p="urn:x" stringValue="no"/></q:CustomIpAddresses></p:HttpRoutingAssertion></a>`,
    ),
    ['3'],
  );
});

test('items elsewhere, in another namespace, or of another assertion are not taken', async () => {
  const p = `xmlns:p="${namespace}"`;
  for (const text of [
    `<p:Other ${p}><p:CustomIpAddresses><p:item stringValue="no"/></p:CustomIpAddresses></p:Other>`,
    `<p:HttpRoutingAssertion ${p}><p:item stringValue="no"/></p:HttpRoutingAssertion>`,
    `<p:HttpRoutingAssertion ${p}><p:CustomIpAddresses/><p:item stringValue="no"/></p:HttpRoutingAssertion>`,
    `<p:HttpRoutingAssertion ${p}><p:CustomIpAddresses><item stringValue="no"/></p:CustomIpAddresses></p:HttpRoutingAssertion>`,
    `<HttpRoutingAssertion ${p}><p:CustomIpAddresses><p:item stringValue="no"/></p:CustomIpAddresses></HttpRoutingAssertion>`,
    `<p:All ${p}><p:HttpRoutingAssertion/><p:CustomIpAddresses><p:item stringValue="no"/></p:CustomIpAddresses></p:All>`,
    `<p:HttpRoutingAssertion ${p}><p:CustomIpAddresses><p:item stringvalue="no"/></p:CustomIpAddresses></p:HttpRoutingAssertion>`,
    `<p:HttpRoutingAssertion ${p}><p:CustomIpAddresses><!-- <p:item stringValue="no"/> --><![CDATA[<p:item stringValue="no"/>]]></p:CustomIpAddresses></p:HttpRoutingAssertion>`,
  ]) {
    assert.deepEqual(await addresses(text), [], text);
  }
});

test('references in a value are resolved, and the five entities of XML are the only ones', async () => {
  assert.deepEqual(await addresses(policy('<L7p:item stringValue="&#x31;&amp;&lt;&quot;"/>')), ['1&<"']);
  await assert.rejects(addresses(policy('<L7p:item stringValue="&nbsp;"/>')), /undefined entity/);
});

const laughs = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
${Array.from({ length: 20 }, (_, level) => `<!ENTITY c${level + 1} "${`&c${level};`.repeat(10)}">`).join('\n')}]><lolz>&c20;</lolz>`;

for (const [what, text, message] of [
  ['billion laughs', laughs, /document type/],
  ['an external entity', '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>', /document type/],
  ['an external document type', '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd"><r/>', /document type/],
  ['a cut-off policy', policy('<L7p:item stringValue="1"/>').slice(0, -20), /unclosed|unexpected end/],
  ['crossed tags', '<a><b></a></b>', /tag/],
  ['an undeclared prefix', '<p:a/>', /namespace|prefix/],
  ['invalid UTF-8', Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0xfe, 0x3c, 0x2f, 0x61, 0x3e]), /UTF-8/],
  ['UTF-8 cut at the end', Buffer.concat([Buffer.from('<a>'), Buffer.from([0xc3])]), /UTF-8/],
  ['an empty text', '', /document/],
  ['no XML at all', 'hello', /text|document|character/],
  ['a character that XML cannot hold', '<a>\0</a>', /character/],
] as const) {
  test(`${what} is an error with its reason`, { timeout: 5000 }, async () => {
    await assert.rejects(addresses(text), message);
  });
}

test('200 levels deep is nothing special', async () => {
  const deep = `${'<a>'.repeat(200)}<p:HttpRoutingAssertion xmlns:p="${namespace}"><p:CustomIpAddresses><p:item stringValue="1"/></p:CustomIpAddresses></p:HttpRoutingAssertion>${'</a>'.repeat(200)}`;
  assert.deepEqual(await addresses(deep), ['1']);
});

test('endless depth is an error before it costs memory', { timeout: 5000 }, async () => {
  await assert.rejects(addresses('<a>'.repeat(1_000_000)), /deeper/);
});

test('a policy of 50 MiB is read, in bounded time', { timeout: 30_000 }, async () => {
  const big = policy(
    `<L7p:item stringValue="1"/>${`<L7p:x stringValue="${'y'.repeat(80)}"/>\n`.repeat(480_000)}`,
  );
  const startedAt = performance.now();
  assert.deepEqual(await addresses(big), ['1']);
  console.log(`${(big.length / 2 ** 20).toFixed(0)} MiB in ${(performance.now() - startedAt).toFixed(0)} ms`);
});

test('a policy larger than any column is refused unread', async () => {
  await assert.rejects(customIpAddresses(Buffer.alloc(65 * 1024 * 1024), undefined), /longer than/);
});

test('cancelling strikes in the middle of a large policy', { timeout: 10_000 }, async () => {
  const controller = new AbortController();
  const reading = addresses(policy('<L7p:item stringValue="1"/>'.repeat(300_000)), controller.signal);
  setImmediate(() => {
    controller.abort(new Error('enough'));
  });
  await assert.rejects(reading, { code: 'CANCELLED' });
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});
