// Says what a standard backup with audit records would take, why, and how big it is. Changes nothing.
//
//   node plan-only.js [GATEWAY_ROOT [HOST_ROOT]]
import { GatewayBackup } from 'gateway-backup';

const [gatewayRoot = '/opt/SecureSpan', hostRoot = '/'] = process.argv.slice(2);

const plan = await new GatewayBackup({ gatewayRoot, hostRoot }).plan({
  image: 'node.zip',
  includeAudits: true,
});

console.log(plan.toString());
for (const warning of plan.warnings) console.log(`Warning: ${warning}`);

// The same as data: every component, with the rule that decided.
const bytes = plan.components.reduce((sum, { estimatedBytes = 0 }) => sum + estimatedBytes, 0);
const taken = plan.components.filter(({ included }) => included).map(({ component }) => component);
console.log(`${taken.join(', ')}: about ${bytes} bytes before compression`);
