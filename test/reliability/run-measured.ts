import { readFileSync } from 'node:fs';
import { runBackup, type BackupOptions } from 'gateway-backup';

// One backup in a process of its own, whose peak memory can be told.
const { options, host } = JSON.parse(process.argv[2] ?? '') as {
  readonly options: BackupOptions;
  readonly host: { readonly gatewayRoot: string; readonly hostRoot: string };
};
const { status, image } = await runBackup(options, host);
const [, peakKib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!;
console.log(JSON.stringify({ status, image, peakBytes: Number(peakKib) * 1024 }));
