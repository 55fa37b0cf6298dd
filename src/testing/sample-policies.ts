import type { SeededRandom } from './seeded-random.js';

/** Policy XML as a Gateway stores it: routing to fixed back-end addresses where some are given. */
export function policyXml(random: SeededRandom, backends: readonly string[]): string {
  const assertions = Array.from({ length: 3 + random.integer(6) }, () => assertionXml(random));
  if (backends.length > 0)
    assertions.splice(random.integer(assertions.length), 0, routingXml(random, backends));
  return `${policyHead}        ${assertions.join('\n        ')}\n${policyTail}`;
}

/** What every policy begins with. */
export const policyHead = `<?xml version="1.0" encoding="UTF-8"?>
<wsp:Policy xmlns:L7p="http://www.layer7tech.com/ws/policy" xmlns:wsp="http://schemas.xmlsoap.org/ws/2002/12/policy">
    <wsp:All wsp:Usage="Required">
`;

/** What every policy ends with. */
export const policyTail = `    </wsp:All>
</wsp:Policy>
`;

function routingXml(random: SeededRandom, backends: readonly string[]): string {
  const items = backends.map((address) => `                <L7p:item stringValue="${address}"/>`);
  return `<L7p:HttpRoutingAssertion>
            <L7p:CustomIpAddresses stringArrayValue="included">
${items.join('\n')}
            </L7p:CustomIpAddresses>
            <L7p:ProtectedServiceUrl stringValue="http://backend${random.integer(90)}.example.com:8080/orders"/>
            <L7p:RequestHeaderRules httpPassthroughRuleSet="included">
                <L7p:Rules httpPassthroughRules="included">
                    <L7p:item httpPassthroughRule="included"><L7p:Name stringValue="SOAPAction"/></L7p:item>
                </L7p:Rules>
            </L7p:RequestHeaderRules>
        </L7p:HttpRoutingAssertion>`;
}

const assertionKinds: readonly ((random: SeededRandom) => string)[] = [
  (random) =>
    `<L7p:SetVariable><L7p:Base64Expression stringValue="${random.bytes(24 + random.integer(165)).toString('base64')}"/><L7p:VariableToSet stringValue="${variable(random)}"/></L7p:SetVariable>`,
  (random) =>
    `<L7p:ComparisonAssertion><L7p:CaseSensitive booleanValue="false"/><L7p:Expression1 stringValue="\${${variable(random)}}"/><L7p:Operator operator="EQ"/><L7p:Expression2 stringValue="${random.integer(10_000)}"/></L7p:ComparisonAssertion>`,
  (random) =>
    `<L7p:AuditDetailAssertion><L7p:Detail stringValue="Request \${requestId} of ${variable(random)} was handled &amp; logged"/><L7p:Level stringValue="INFO"/></L7p:AuditDetailAssertion>`,
  (random) =>
    `<L7p:SpecificUser><L7p:IdentityProviderOid goidValue="0000000000000000fffffffffffffffe"/><L7p:UserLogin stringValue="user${random.integer(500)}"/><L7p:UserUid stringValue="${random.hex(32)}"/></L7p:SpecificUser>`,
  (random) =>
    `<L7p:RequestXpathAssertion><L7p:XpathExpression xpathExpressionValue="included"><L7p:Expression stringValue="/s:Envelope/s:Body/o:${variable(random)}"/><L7p:Namespaces mapValue="included"><L7p:entry><L7p:key stringValue="o"/><L7p:value stringValue="urn:example:orders:${random.integer(99)}"/></L7p:entry></L7p:Namespaces></L7p:XpathExpression></L7p:RequestXpathAssertion>`,
  (random) =>
    `<L7p:RemoteIpRange><L7p:AllowRange booleanValue="true"/><L7p:NetworkMask stringValue="24"/><L7p:StartIp stringValue="192.168.${random.integer(255)}.0"/></L7p:RemoteIpRange>`,
  (random) =>
    `<L7p:CommentAssertion><L7p:Comment stringValue="It's the ${variable(random)} rule: C:\\policies\\${random.integer(99)}, 0x, „quoted“ – ü€"/></L7p:CommentAssertion>`,
  (random) =>
    `<L7p:SslAssertion assertionComment="included"><L7p:Properties mapValue="included"><L7p:entry><L7p:key stringValue="RIGHT.COMMENT"/><L7p:value stringValue="${random.hex(12)}"/></L7p:entry></L7p:Properties></L7p:SslAssertion>`,
];

/** One assertion element, whole in itself, with prefix `L7p`. */
export function assertionXml(random: SeededRandom): string {
  return random.pick(assertionKinds)(random);
}

const words = [
  'order',
  'customer',
  'account',
  'invoice',
  'claim',
  'session',
  'token',
  'payload',
  'partner',
  'region',
];

function variable(random: SeededRandom): string {
  return `${random.pick(words)}.${random.pick(words)}${random.integer(40)}`;
}
