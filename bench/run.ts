import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { databaseWorks, type Work } from './database-works.js';
import { measureFileTree } from './file-tree.js';
import { measureFtpUpload } from './ftp-upload.js';
import { measuredInTurns } from './measured-command.js';
import { fileURLToPath } from 'node:url';

// npm run bench -- [--size 1500MB] [--rounds 3] [--only database|files|upload|start]
const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1500MB' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
});
const megabytes = Number(/^(\d+)\s*MB$/i.exec(values.size)?.[1] ?? NaN);
const rounds = Number(values.rounds);
if (!(megabytes > 0) || !(rounds > 0)) {
  throw new Error(
    'usage: npm run bench -- [--size 1500MB] [--rounds 3] [--only database|files|upload|start]',
  );
}

console.log(
  `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${megabytes} MB, medians of ${rounds}, ` +
    `${new Date().toISOString().slice(0, 10)}\n\nratio  must   aim    work · peer · figures`,
);
const wants = (part: string): boolean => values.only === undefined || values.only === part;
if (wants('start')) await startUp();
if (wants('files')) await files();
if (wants('upload')) await upload();
if (wants('database')) {
  await databaseWorks({ bytes: megabytes * 1e6, rounds, onWork: print, onNote: note });
}

function print({ work, peer, ratio, must, aim, figures }: Work): void {
  const verdict = ratio <= aim ? 'aim met' : ratio <= must ? 'must met' : 'MISSED';
  const columns = [ratio, must, aim].map((value) => value.toFixed(2).padEnd(6));
  console.log(`${columns.join(' ')} ${work} · ${peer} · ${figures} · ${verdict}`);
}

function note(text: string): void {
  console.log(`                     ${text}`);
}

async function files(): Promise<void> {
  const count = megabytes >= 1000 ? 20_000 : 4_000;
  const { ours, peer } = await measureFileTree({ files: count, bytesPerFile: 15_000, rounds });
  const figures = `${ours.seconds.toFixed(2)} s to ${peer.seconds.toFixed(2)} s`;
  const ratio = ours.seconds / peer.seconds;
  print({ work: `${count} files of jars`, peer: 'zip -r -q', ratio, must: 0.4, aim: 0.2, figures });
  note(
    `CPU: ours ${ours.cpuSeconds.toFixed(1)} s, zip ${peer.cpuSeconds.toFixed(1)} s; peak ${ours.peakMib.toFixed(0)} MiB`,
  );
}

async function upload(): Promise<void> {
  for (const { server, mib, sinkMs, curlMs, ratio } of await measureFtpUpload(
    megabytes >= 1000 ? 500 : 100,
  )) {
    const figures = `${sinkMs.toFixed(0)} ms to ${curlMs.toFixed(0)} ms, ${server}`;
    print({ work: `upload of ${mib} MiB by FTP`, peer: 'curl -T', ratio, must: 1.15, aim: 1.05, figures });
  }
}

async function startUp(): Promise<void> {
  const path = (name: string): string => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
  const { nothing, help, load } = await measuredInTurns(
    {
      nothing: 'node -e 0',
      help: `node ${path('cli/main.js')} --help`,
      load: `node --input-type=module -e "await import('${path('index.js')}')"`,
    },
    Math.max(9, rounds),
  );
  for (const [work, { seconds }, must, aim] of [
    ['ssgbackup --help, more than', help, 60, 40],
    ["import('gateway-backup'), more than", load, 40, 20],
  ] as const) {
    const extraMs = (seconds - nothing.seconds) * 1000;
    const figures = `${extraMs.toFixed(0)} ms more than ${(nothing.seconds * 1000).toFixed(0)} ms`;
    print({ work, peer: 'node -e 0', ratio: extraMs, must, aim, figures });
  }
}
