import { BackupPlan, GatewayBackup, runBackup, Secret, type BackupOptions } from 'gateway-backup';

// The image is the one thing that is required.
void runBackup({ image: 'node.zip' });
// @ts-expect-error -- no image
void runBackup({});
// @ts-expect-error -- an option that there is not
void runBackup({ image: 'node.zip', includeAudit: true });
// @ts-expect-error -- a switch is on or off
void runBackup({ image: 'node.zip', maindb: 'yes' });

// Leaving out and giving undefined mean the same, also under exactOptionalPropertyTypes.
void runBackup({ image: 'node.zip', includeAudits: undefined, ftp: undefined }, { signal: undefined });

// What to back up and how are two things.
// @ts-expect-error -- a live object is no data
void runBackup({ image: 'node.zip', signal: AbortSignal.timeout(1) });
// @ts-expect-error -- the gateway is not part of what is backed up
void runBackup({ image: 'node.zip', gatewayRoot: '/opt/SecureSpan' });
// @ts-expect-error -- a run takes no gateway
void new GatewayBackup().run({ image: 'node.zip' }, { gatewayRoot: '/opt/SecureSpan' });

// The three of FTP come together.
void runBackup({ image: 'node.zip', ftp: { host: 'h', user: 'u', password: 'p' } });
// @ts-expect-error -- no password
void runBackup({ image: 'node.zip', ftp: { host: 'h', user: 'u' } });

// A secret is text, a Secret, or where to get one.
const secrets = ['text', new Secret('text'), () => 'text', async () => Promise.resolve(new Secret('text'))];
for (const password of secrets) void runBackup({ image: 'i', ftp: { host: 'h', user: 'u', password } });
// @ts-expect-error -- bytes are no text
void runBackup({ image: 'i', ftp: { host: 'h', user: 'u', password: Buffer.from('p') } });

// Own components are named freely; ours have properties.
void runBackup({ image: 'node.zip', components: ['site'] });

const options: BackupOptions = { image: 'node.zip' };
// @ts-expect-error -- options are not changed
options.image = 'other.zip';

const verification = new GatewayBackup({ verification: 'full', compressionLevel: 9 });
verification satisfies GatewayBackup;
// @ts-expect-error -- no such way to verify
new GatewayBackup({ verification: 'none' });

// A plan is made by create, not by hand.
// @ts-expect-error -- private constructor
new BackupPlan('custom', [], []);
