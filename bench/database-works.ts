import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSampleGateway, PrivateMariaDb } from 'gateway-backup/testing';
import { ensure } from '../test/support/prerequisites.js';
import { measuredCommand, measuredInTurns } from './measured-command.js';
import { sampleRows } from './sample-rows.js';

/** One line of the table of targets. */
export interface Work {
  readonly work: string;
  readonly peer: string;
  /** Ours to the peer's; below 1 is better. */
  readonly ratio: number;
  readonly must: number;
  readonly aim: number;
  /** The figures behind the ratio. */
  readonly figures: string;
}

/** Which of the works, how large and how often. */
export interface DatabaseWorksOptions {
  /** SQL text of the mixed database, in bytes. */
  readonly bytes: number;
  readonly rounds: number;
  /** Called with each line as soon as it is measured. */
  readonly onWork: (work: Work) => void;
  readonly onNote: (note: string) => void;
}

/** Each database has a user of its own, who may use nothing else. */
const loginOf = (name: string): { user: string; password: string } => ({
  user: `gateway_${name}`,
  password: 'bench',
});
const ssgbackup = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const tableDump = fileURLToPath(new URL('./table-dump.js', import.meta.url));

/** Measures dump, backup and restore of databases against what administrators use, whole command against whole command. */
export async function databaseWorks({ bytes, rounds, onWork, onNote }: DatabaseWorksOptions): Promise<void> {
  await ensure('mariadb', 'zip', 'unzip', 'pigz', 'mydumper');
  const folder = mkdtempSync(join(tmpdir(), 'bench-database-'));
  const server = await PrivateMariaDb.start({
    parentDirectory: serverParent(bytes),
    serverArguments: [
      '--innodb-buffer-pool-size=2G',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-log-file-size=1G',
      '--innodb-doublewrite=0',
      '--max-allowed-packet=64M',
    ],
  });
  try {
    const bench = new DatabaseBench(server, folder, rounds, onWork, onNote);
    await bench.create('mixed', bytes, 'mixed');
    await bench.fetchAndEncode('mixed');
    await bench.standardBackup('mixed');
    await bench.restore('mixed');
    await bench.create('messages', bytes, 'compressed-messages');
    await bench.audits('messages');
    await bench.create('plain', bytes / 5, 'main-only');
    await bench.mainOnly('plain');
    await bench.create('fifteenth', bytes / 15, 'mixed');
    await bench.create('quarter', bytes / 4, 'mixed');
    await bench.memory('fifteenth', 'quarter', 'mixed');
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

/**
 * The memory, where it has room for all databases at once. What the server writes to a disk later than it says so is
 * measured with whatever runs then; and all contestants have the same rows to write.
 */
function serverParent(bytes: number): string {
  const memory = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize > 5 * bytes + 2e9 && freemem() > 5 * bytes + 6e9 ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}

class DatabaseBench {
  readonly #server: PrivateMariaDb;
  readonly #folder: string;
  readonly #rounds: number;
  readonly #onWork: (work: Work) => void;
  readonly #onNote: (note: string) => void;
  readonly #dump: string;

  constructor(
    server: PrivateMariaDb,
    folder: string,
    rounds: number,
    onWork: (work: Work) => void,
    onNote: (note: string) => void,
  ) {
    this.#server = server;
    this.#folder = folder;
    this.#rounds = rounds;
    this.#onWork = onWork;
    this.#onNote = onNote;
    const client = `--no-defaults --socket=${server.socketPath} --user=root`;
    this.#dump = `mariadb-dump ${client} --single-transaction --hex-blob`;
  }

  async create(name: string, bytes: number, kind: Parameters<typeof sampleRows>[1]): Promise<void> {
    const started = performance.now();
    await this.#server.createDatabase(name, loginOf(name));
    await this.#server.execute(sampleRows(bytes, kind), name);
    this.#onNote(`database "${name}" made in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }

  async fetchAndEncode(name: string): Promise<void> {
    const { host, port } = this.#server;
    const { ours, peer } = await measuredInTurns(
      {
        ours: `node ${tableDump} ${host} ${port} ${name} ${Object.values(loginOf(name)).join(' ')}`,
        peer: `${this.#dump} ${name}`,
      },
      this.#rounds,
    );
    this.#compare(
      'fetch and encode alone',
      'mariadb-dump > /dev/null',
      ours.seconds,
      peer.seconds,
      0.6,
      0.4,
      's',
    );
    this.#onNote(
      `client CPU: ours ${ours.cpuSeconds.toFixed(1)} s, mariadb-dump ${peer.cpuSeconds.toFixed(1)} s`,
    );
  }

  async standardBackup(name: string): Promise<void> {
    await using gateway = await this.#gateway(name);
    const images = join(this.#folder, 'images');
    const peers = join(this.#folder, 'peers');
    const result = await measuredInTurns(
      {
        ours: this.#backup(gateway, images, '-ia'),
        pigz: `mkdir -p ${peers}; ${this.#dump} ${name} | pigz -6 -p 2 > ${peers}/pigz`,
        zip: `${this.#dump} ${name} | zip -q - - > ${peers}/zip`,
        mydumper: `rm -rf ${peers}/my; mydumper --threads 2 --compress --socket ${this.#server.socketPath} --user root --database ${name} --outputdir ${peers}/my`,
      },
      this.#rounds,
    );
    const work = 'standard backup with audits, mixed data';
    const ours = result.ours.seconds;
    this.#compare(work, 'mariadb-dump | pigz -6 -p 2', ours, result.pigz.seconds, 0.7, 0.5, 's');
    this.#compare(work, 'mariadb-dump | zip -', ours, result.zip.seconds, 0.4, 0.28, 's');
    this.#compare(
      'size of that image',
      'mariadb-dump | zip -',
      bytesIn(images) / 1e6,
      bytesOf(join(peers, 'zip')) / 1e6,
      0.95,
      0.87,
      'MB',
    );
    this.#compare(work, 'mydumper -t 2 -c', ours, result.mydumper.seconds, 0.7, 0.45, 's');
    this.#onNote(
      `CPU without the server: ours ${result.ours.cpuSeconds.toFixed(1)} s, pigz ${result.pigz.cpuSeconds.toFixed(1)} s, ` +
        `zip ${result.zip.cpuSeconds.toFixed(1)} s, mydumper ${result.mydumper.cpuSeconds.toFixed(1)} s; peak ${result.ours.peakMib.toFixed(0)} MiB`,
    );
    rmSync(images, { recursive: true });
    rmSync(peers, { recursive: true });
  }

  async restore(name: string): Promise<void> {
    await using gateway = await this.#gateway(name);
    const images = join(this.#folder, 'images');
    await measuredCommand(this.#backup(gateway, images, '-ia'));
    const image = join(images, readdirSync(images)[0]!);
    const ours = join(this.#folder, 'ours.sql');
    const peer = join(this.#folder, 'peer.sql');
    await measuredCommand(
      `unzip -p ${image} maindb/main_backup.sql > ${ours}; unzip -p ${image} audits/audits.gz | gunzip >> ${ours}; ${this.#dump} ${name} > ${peer}`,
    );
    const replay = (file: string): string =>
      `mariadb --no-defaults --socket=${this.#server.socketPath} --user=root --max-allowed-packet=64M -e 'CREATE OR REPLACE DATABASE replay'; ` +
      `mariadb --no-defaults --socket=${this.#server.socketPath} --user=root --max-allowed-packet=64M replay < ${file}`;
    const result = await measuredInTurns({ ours: replay(ours), peer: replay(peer) }, this.#rounds);
    this.#compare(
      'restore of the dump by the stock client',
      "restore of mariadb-dump's output",
      result.ours.seconds,
      result.peer.seconds,
      1.15,
      1,
      's',
    );
    await this.#server.execute('DROP DATABASE replay');
    for (const file of [images, ours, peer]) rmSync(file, { recursive: true });
  }

  async audits(name: string): Promise<void> {
    await this.#against('audits of compressed messages', name, '-ia', 'pigz -6 -p 2', 0.45, 0.3);
    await this.#server.execute(`DROP DATABASE ${name}`);
  }

  async mainOnly(name: string): Promise<void> {
    await this.#against('main database only', name, '-maindb', 'zip -q - -', 0.5, 0.35);
  }

  /** The worst peak of all rounds, for more and more data of one kind. */
  async memory(...names: readonly string[]): Promise<void> {
    const peaks: number[] = [];
    for (const name of names) {
      await using gateway = await this.#gateway(name);
      const images = join(this.#folder, 'images');
      const { ours } = await measuredInTurns({ ours: this.#backup(gateway, images, '-ia') }, this.#rounds);
      peaks.push(ours.peakMib);
      rmSync(images, { recursive: true });
    }
    const figures = peaks.map((peak, index) => `${names[index]!} ${peak.toFixed(0)} MiB`).join(', ');
    const [before, last] = peaks.slice(-2) as [number, number];
    const worst = Math.max(...peaks);
    this.#onWork({ work: 'peak memory', peer: '1 MiB', ratio: worst, must: 160, aim: 140, figures });
    const peer = 'a quarter of the data';
    this.#onWork({ work: 'its growth', peer, ratio: last / before, must: 1.15, aim: 1.07, figures });
  }

  async #against(
    work: string,
    name: string,
    options: string,
    packer: string,
    must: number,
    aim: number,
  ): Promise<void> {
    await using gateway = await this.#gateway(name);
    const images = join(this.#folder, 'images');
    const result = await measuredInTurns(
      {
        ours: this.#backup(gateway, images, options),
        peer: `${this.#dump} ${name} | ${packer} > ${this.#folder}/peer`,
      },
      this.#rounds,
    );
    this.#compare(
      work,
      `mariadb-dump | ${packer.replace(' -q - -', ' -')}`,
      result.ours.seconds,
      result.peer.seconds,
      must,
      aim,
      's',
    );
    this.#onNote(
      `sizes: ours ${(bytesIn(images) / 1e6).toFixed(1)} MB, peer ${(bytesOf(join(this.#folder, 'peer')) / 1e6).toFixed(1)} MB`,
    );
    rmSync(images, { recursive: true });
    rmSync(join(this.#folder, 'peer'));
  }

  #gateway(name: string): ReturnType<typeof createSampleGateway> {
    const { host, port } = this.#server;
    return createSampleGateway({ database: { host, port, name, ...loginOf(name) } });
  }

  /** The whole command, and only its last image kept. */
  #backup(
    gateway: { readonly gatewayRoot: string; readonly hostRoot: string },
    images: string,
    options: string,
  ): string {
    const roots = `--root ${gateway.gatewayRoot} --host-root ${gateway.hostRoot}`;
    return `rm -rf ${images}; mkdir ${images}; node ${ssgbackup} -image ${images}/node.zip ${options} ${roots} --no-progress`;
  }

  #compare(
    work: string,
    peer: string,
    ours: number,
    theirs: number,
    must: number,
    aim: number,
    unit: string,
  ): void {
    const figures = `${ours.toFixed(2)} ${unit} to ${theirs.toFixed(2)} ${unit}`;
    this.#onWork({ work, peer, ratio: ours / theirs, must, aim, figures });
  }
}

function bytesOf(file: string): number {
  return statSync(file).size;
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + bytesOf(join(folder, name)), 0);
}
