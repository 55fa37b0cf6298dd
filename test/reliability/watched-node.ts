import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { verifyImage } from 'gateway-backup';
import type { SampleDatabaseOptions, SampleGateway, SampleGatewayOptions } from 'gateway-backup/testing';
import { GatewayFixture } from '../support/gateway-fixture.js';
import { until } from '../support/leak-check.js';
import { jsonLines, ssgbackup, type ProgramOptions, type ProgramResult } from '../support/ssgbackup.js';

/** How a {@link WatchedNode} is made. */
export interface WatchedNodeOptions {
  /** Rows of its database; `false`: it has none, and the main database is elsewhere. Default: the sample's. */
  readonly database?: SampleDatabaseOptions | false | undefined;
  readonly gateway?: SampleGatewayOptions | undefined;
}

/** What a run is expected to leave. */
export interface Expectation {
  /** Images at final names, in all. Default: what the exit status says. */
  readonly images?: number | undefined;
  /** The process was ended by SIGKILL or by its second signal: its own temporary files may be left. Default: false. */
  readonly killed?: boolean | undefined;
  /** Other files that may lie in the target folder. Default: none. */
  readonly alsoInFolder?: readonly string[] | undefined;
  /** Images that were kept in the work folder. Default: none. */
  readonly kept?: number | undefined;
  /** Texts that must not be found. Default: the database's password. */
  readonly secrets?: readonly string[] | undefined;
}

/**
 * A node with its database, a target folder and a work folder, and the promises that every run on it must keep,
 * whatever happens to it.
 */
export class WatchedNode implements AsyncDisposable {
  readonly fixture: GatewayFixture | undefined;
  readonly gateway: SampleGateway;
  /** Name of the database; empty without one. */
  readonly database: string;
  /** Where images go. */
  readonly folder: string;
  /** `--work-dir`, and the folder for temporary files. */
  readonly work: string;
  readonly #root: string;
  #before: readonly string[] = [];

  private constructor(
    fixture: GatewayFixture | undefined,
    database: string,
    gateway: SampleGateway,
    root: string,
  ) {
    this.fixture = fixture;
    this.database = database;
    this.gateway = gateway;
    this.#root = root;
    this.folder = join(root, 'images');
    this.work = join(root, 'work');
  }

  static async start({ database, gateway: options }: WatchedNodeOptions = {}): Promise<WatchedNode> {
    const root = await mkdtemp(join(tmpdir(), 'watched-node-'));
    const fixture = database === false ? undefined : await GatewayFixture.start();
    const name = fixture === undefined ? '' : await fixture.database(database === false ? {} : database);
    const { createSampleGateway } = await import('gateway-backup/testing');
    const gateway =
      fixture === undefined ? await createSampleGateway(options) : await fixture.gateway(name, options);
    const node = new WatchedNode(fixture, name, gateway, root);
    await mkdir(node.folder, { mode: 0o755 });
    await mkdir(node.work, { mode: 0o700 });
    node.#before = await node.#gatewayFiles();
    return node;
  }

  get server(): GatewayFixture['server'] {
    assert.ok(this.fixture !== undefined, 'this node has a database');
    return this.fixture.server;
  }

  /** `gatewayRoot`, `hostRoot` and `workDirectory` for the library. */
  get host(): { gatewayRoot: string; hostRoot: string; workDirectory: string } {
    const { gatewayRoot, hostRoot } = this.gateway;
    return { gatewayRoot, hostRoot, workDirectory: this.work };
  }

  /** The image as it is asked for. */
  get image(): string {
    return join(this.folder, 'node1.zip');
  }

  args(...more: readonly string[]): string[] {
    const { gatewayRoot, hostRoot } = this.gateway;
    const image = more.includes('-image') ? [] : ['-image', this.image];
    return [...image, '--root', gatewayRoot, '--host-root', hostRoot, '--work-dir', this.work, ...more];
  }

  /** Runs `ssgbackup` on this node. */
  run(more: readonly string[] = [], options: ProgramOptions = {}): Promise<ProgramResult> {
    return ssgbackup(this.args(...more), { ...options, env: { TMPDIR: this.work, ...options.env } });
  }

  /** The n-th temporary file of a run with predictable names; 0 is the probe of the target folder, 1 the image. */
  predictablePart(nth = 1, folder = this.folder): string {
    const digits = String(nth).padStart(16, '0');
    return join(folder, `.gateway-backup-${encodeURIComponent(hostname())}-${2 ** 22 + 7}-0-${digits}.part`);
  }

  /** What the files of the gateway have to be like when something changed them on purpose. */
  async acceptGatewayFiles(): Promise<void> {
    this.#before = await this.#gatewayFiles();
  }

  /** Sessions of the Gateway's user that the database server still has. */
  async sessions(): Promise<string[]> {
    const rows = await this.server.query(
      `SELECT id, IFNULL(info, '') FROM information_schema.PROCESSLIST WHERE user = 'gateway'`,
    );
    return rows.split('\n').filter((row) => row !== '');
  }

  /**
   * Asserts what must hold after every run: at the final name nothing or an image that verifies; a status that is true;
   * nothing left and nothing changed elsewhere; private files; no secret told; a defined end without warnings; the
   * database let go.
   *
   * @returns the images at final names.
   */
  async check(result?: ProgramResult, expected: Expectation = {}): Promise<string[]> {
    const names = (await readdir(this.folder)).sort();
    const images = names.filter((name) => /^\d{14}_node1\.zip$/.test(name));
    const others = names.filter((name) => !images.includes(name));
    for (const name of images) await this.#checkImage(join(this.folder, name), result);
    if (result !== undefined && expected.killed !== true) this.#checkEnd(result);
    const told = result?.status === 0 || result?.status === 2 ? 1 : 0;
    const wanted = expected.images ?? (expected.kept === undefined ? told : 0);
    if (result !== undefined)
      assert.equal(images.length, wanted, `images: ${names.join(', ')}\n${result.stderr}`);

    const leftovers = others.filter((name) => expected.alsoInFolder?.includes(name) !== true);
    await this.#checkLeftovers(this.folder, leftovers, expected.killed === true ? 1 : 0);
    const inWork = (await readdir(this.work)).sort();
    const kept = inWork.filter((name) => /^\d{14}_node1\.zip$/.test(name));
    assert.equal(kept.length, expected.kept ?? 0, `kept images: ${inWork.join(', ')}`);
    for (const name of kept) await this.#checkImage(join(this.work, name));
    const rest = inWork.filter((name) => !kept.includes(name));
    await this.#checkLeftovers(this.work, rest, expected.killed === true ? 1 : 0);

    for (const name of names) await assertPrivate(join(this.folder, name));
    for (const name of inWork) await assertPrivate(join(this.work, name));
    const ours = await this.#logs();
    for (const path of ours) await assertPrivate(path);

    assert.deepEqual(await this.#gatewayFiles(expected.killed), this.#before, 'the gateway is as it was');
    await this.#checkSecrets(result, ours, expected);
    if (this.fixture !== undefined && this.server.pid !== undefined) {
      await until(async () => (await this.sessions()).length === 0, 2000);
    }
    return images.map((name) => join(this.folder, name));
  }

  /** Empties the target folder and the work folder. */
  async clear(): Promise<void> {
    for (const folder of [this.folder, this.work]) {
      for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fixture?.remove();
    await this.gateway.remove();
    await rm(this.#root, { recursive: true, force: true });
  }

  async #checkImage(path: string, result?: ProgramResult): Promise<void> {
    const { valid, faults, record, status } = await verifyImage(path);
    assert.ok(valid, `${path}: ${JSON.stringify(faults)}`);
    const report = result === undefined ? undefined : reportOf(result);
    if (report === undefined || report.image === null) return;
    assert.equal(report.image.path, path);
    assert.equal(report.status, status, 'report and image tell the same');
    const unlike = report.components.filter(
      ({ component, status: outcome }) =>
        record!.components.find((each) => each.component === component)?.outcome !== outcome,
    );
    assert.deepEqual(unlike, [], 'report and image tell the same of each component');
    if (report.status === 'success') {
      assert.deepEqual(
        report.components.filter((each) => each.status === 'failed'),
        [],
      );
    }
    const content = await readFile(path);
    assert.equal(createHash('sha256').update(content).digest('hex'), report.image.sha256);
  }

  #checkEnd(result: ProgramResult): void {
    const { status, signal, stdout, stderr } = result;
    assert.equal(signal, null, `ended by ${signal ?? ''}: ${stderr}`);
    assert.ok([0, 1, 2, 129, 130, 143].includes(status ?? -1), `exit status ${status ?? ''}: ${stderr}`);
    assert.ok(!/^\s+at .+:\d+:\d+\)?$/m.test(stdout + stderr), `a stack trace: ${stdout}${stderr}`);
    assert.ok(!/Warning: .*\n?\(Use `node/.test(stderr), `a process warning: ${stderr}`);
    assert.ok(!/\(node:\d+\)/.test(stderr), `a process warning: ${stderr}`);
    const report = reportOf(result);
    if (report === undefined) return;
    const byStatus = { success: 0, partial: 2, failed: 1 }[report.status];
    if (status! < 128) assert.equal(status, byStatus, 'exit status and report tell the same');
  }

  async #checkLeftovers(folder: string, names: readonly string[], allowed: number): Promise<void> {
    assert.ok(names.length <= allowed, `${folder} holds ${names.join(', ')}`);
    for (const name of names) {
      assert.match(name, /^\.gateway-backup-.+\.part$/, 'a leftover is recognised by its name');
      assert.ok((await lstat(join(folder, name))).isFile());
    }
  }

  async #checkSecrets(
    result: ProgramResult | undefined,
    logs: readonly string[],
    expected: Expectation,
  ): Promise<void> {
    const secrets = expected.secrets ?? ['canary-'];
    const texts = new Map<string, string>();
    if (result !== undefined) {
      texts.set('standard output', result.stdout);
      texts.set('standard error', result.stderr);
    }
    for (const path of logs) texts.set(path, await readFile(path, 'utf8'));
    for (const [place, text] of texts) {
      for (const secret of secrets) assert.ok(!text.includes(secret), `${place} tells a secret`);
    }
  }

  async #logs(): Promise<string[]> {
    const folder = this.gateway.resolve('Gateway', 'config', 'backup', 'logs');
    const names = await readdir(folder).catch((): string[] => []);
    return names.filter((name) => /^ssgbackup\d\.log$/.test(name)).map((name) => join(folder, name));
  }

  /** Path, kind, mode, size and time of everything below the host's root but our logs, and our lock after a kill. */
  async #gatewayFiles(killed = false): Promise<string[]> {
    const { hostRoot } = this.gateway;
    const logs = await this.#logs();
    const lines: string[] = [];
    for (const name of (await readdir(hostRoot, { recursive: true })).sort()) {
      const path = join(hostRoot, name);
      if (logs.includes(path) || (killed && name.endsWith('.gateway-backup.lock'))) continue;
      const found = await lstat(path);
      const content = found.isDirectory() ? 'folder' : `${found.size} ${found.mtimeMs}`;
      lines.push(`${relative(hostRoot, path)} ${(found.mode & 0o7777).toString(8)} ${content}`);
    }
    return lines;
  }
}

/** A report as `--json` prints it. */
export interface PrintedReport {
  readonly type: 'report';
  readonly status: 'success' | 'partial' | 'failed';
  readonly image: { readonly path: string; readonly bytes: number; readonly sha256: string } | null;
  readonly components: readonly {
    readonly component: string;
    readonly status: string;
    readonly reason?: string;
    readonly code?: string;
    readonly entries: number;
  }[];
  readonly warnings: readonly string[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** The report that a run with `--json` printed, its last line. */
export function reportOf({ stdout }: ProgramResult): PrintedReport | undefined {
  if (!stdout.startsWith('{') && !stdout.includes('\n{')) return undefined;
  const last = jsonLines(stdout).at(-1);
  return last?.['type'] === 'report' ? (last as unknown as PrintedReport) : undefined;
}

/**
 * Makes the names of temporary files known beforehand, and lets one thread do all file operations: a tracer counts calls
 * by thread.
 */
export const traceable = {
  NODE_OPTIONS: `--import=${fileURLToPath(new URL('../support/predictable-names.js', import.meta.url))}`,
  UV_THREADPOOL_SIZE: '1',
};

/**
 * Starts a program on a machine whose rpm is another one: it is looked for in the system's own folders only, so it is
 * covered there, for this program alone. Needs the rights of root.
 */
export function withRpm(script: string): string[] {
  return ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /usr/bin/rpm && exec "$@"', script];
}

async function assertPrivate(path: string): Promise<void> {
  const { mode } = await lstat(path);
  assert.equal((mode & 0o777).toString(8), '600', path);
}
