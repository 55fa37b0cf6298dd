import { runBackup } from 'gateway-backup';

// One backup in a process of its own, so that it can have a time zone of its own; prints where the image is.
const { image, gatewayRoot, hostRoot, clock } = JSON.parse(process.argv[2] ?? '') as Record<string, string>;
const host = { gatewayRoot, hostRoot, now: () => new Date(clock ?? '') };
const report = await runBackup({ image: image ?? '', includeAudits: true, esm: true }, host);
if (report.status !== 'success') throw new Error(JSON.stringify(report.components));
console.log(report.image.path);
