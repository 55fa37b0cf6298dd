import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackupError } from '../errors.js';
import { dumpHex, quote } from './dump-hex.js';
import { freePort } from './free-port.js';
import {
  answersInTime,
  endedByExit,
  findMariaDbPrograms,
  isMariaDbInstalled,
  serverAccount,
  spawnServer,
  type MariaDbPrograms,
} from './mariadb-process.js';
import { runProgram, type ProgramInput } from './run-program.js';

/**
 * How to start a {@link PrivateMariaDb}.
 *
 * @public
 */
export interface PrivateMariaDbOptions {
  /** Further arguments of the server, for example `--net-write-timeout=2`. They win over ours. Default: none. */
  readonly serverArguments?: readonly string[] | undefined;
  /** Folder in which the server's own folder is made; user `mysql` must be able to reach it. Default: the system's temporary folder. */
  readonly parentDirectory?: string | undefined;
  /** TCP port on 127.0.0.1. Default: a free one. */
  readonly port?: number | undefined;
  /** Longest wait until the server answers. Default: 60,000. */
  readonly startTimeoutMs?: number | undefined;
}

/**
 * The login of a database user.
 *
 * @public
 */
export interface DatabaseLogin {
  /** Name of the account. */
  readonly user: string;
  /** Its password, in clear. */
  readonly password: string;
}

/**
 * A MariaDB server of one's own for tests and demonstrations: own folder, own socket, own loopback port, never the
 * system's. It takes about 1.5 s to create and start, and it ends with the process that started it.
 *
 * @example
 * ```ts
 * await using server = await PrivateMariaDb.start();
 * await server.createDatabase('ssg', { user: 'gateway', password: 'secret' });
 * await server.execute('CREATE TABLE t (n INT)', 'ssg');
 * ```
 *
 * @public
 */
export class PrivateMariaDb implements AsyncDisposable {
  /** `127.0.0.1` */
  readonly host = '127.0.0.1';
  /** The server's own folder; removed by {@link PrivateMariaDb.stop}. */
  readonly directory: string;
  readonly #options: PrivateMariaDbOptions;
  readonly #programs: MariaDbPrograms;
  #port: number;
  #process: ChildProcess | undefined;

  private constructor(programs: MariaDbPrograms, directory: string, options: PrivateMariaDbOptions) {
    this.#programs = programs;
    this.directory = directory;
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  /** Whether the programs that this class runs are installed. */
  static isInstalled(): boolean {
    return isMariaDbInstalled();
  }

  /**
   * Creates and starts a server.
   *
   * @throws BackupError `DATABASE_UNAVAILABLE`, reason `not-installed` or `start-failed`.
   */
  static async start(options: PrivateMariaDbOptions = {}): Promise<PrivateMariaDb> {
    const programs = findMariaDbPrograms();
    const directory = await mkdtemp(join(options.parentDirectory ?? tmpdir(), 'private-mariadb-'));
    const server = new PrivateMariaDb(programs, directory, options);
    try {
      const account = await serverAccount();
      await mkdir(server.#temporaryDirectory);
      await chmod(directory, 0o755);
      for (const path of [directory, server.#temporaryDirectory]) {
        if (account !== undefined) await chown(path, account.uid, account.gid);
      }
      const install = [
        '--no-defaults',
        `--datadir=${server.#dataDirectory}`,
        `--tmpdir=${server.#temporaryDirectory}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        ...(account === undefined ? [] : ['--user=mysql']),
      ];
      await runProgram(programs.install, install);
      await server.#launch();
    } catch (cause) {
      await server.stop();
      if (cause instanceof BackupError && cause.code === 'DATABASE_UNAVAILABLE') throw cause;
      throw startFailed('the private MariaDB could not be created', cause);
    }
    return server;
  }

  /** TCP port on {@link PrivateMariaDb.host}. */
  get port(): number {
    return this.#port;
  }

  /** Unix socket; over it, `root` logs in without a password. */
  get socketPath(): string {
    return join(this.directory, 's.sock');
  }

  /** Process id of the running server. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Arguments that let the stock client programs (`mariadb`, `mariadb-dump`, …) log in as root. */
  get clientArguments(): readonly string[] {
    return ['--no-defaults', `--socket=${this.socketPath}`, '--user=root', '--default-character-set=utf8mb4'];
  }

  /**
   * Creates an empty utf8 database and, when a login is given, a user with all rights on it and none elsewhere, which
   * is what a Gateway has.
   */
  async createDatabase(name: string, login?: DatabaseLogin): Promise<void> {
    const database = `\`${name.replaceAll('`', '``')}\``;
    const statements = [`CREATE DATABASE ${database} CHARACTER SET utf8;`];
    if (login !== undefined) {
      const user = `${quote(login.user)}@'%'`;
      statements.push(`CREATE OR REPLACE USER ${user} IDENTIFIED BY ${quote(login.password)};`);
      // An underscore in a GRANT is a wildcard.
      statements.push(`GRANT ALL ON ${database.replaceAll('_', '\\_')}.* TO ${user};`);
    }
    await this.execute(statements.join('\n'));
  }

  /** Feeds SQL to the stock `mariadb` client, as root. */
  async execute(sql: ProgramInput, database?: string): Promise<void> {
    await this.#client(['--batch', '--binary-mode', '--max-allowed-packet=1G'], sql, database);
  }

  /** Runs statements as root and returns the rows as the client's `--batch` form: tab-separated, a line each, no heading. */
  async query(sql: string, database?: string): Promise<string> {
    const output = await this.#client(['--batch', '--skip-column-names'], sql, database);
    return output.toString();
  }

  /**
   * Everything in a database in a form that two databases can be compared by: the definition of every table, and every
   * column of every row as HEX, sorted. Meant for databases of a few megabytes.
   *
   * @param tables - Names of the tables. Default: all base tables.
   */
  async dumpHex(database: string, tables?: readonly string[]): Promise<string> {
    return dumpHex((sql, name) => this.query(sql, name), database, tables);
  }

  /** Ends the server in good order, or after a {@link PrivateMariaDb.kill} just starts it, on the same port and data. */
  async restart(): Promise<void> {
    await this.#end('SIGTERM');
    await this.#launch();
  }

  /** Ends the server at once (SIGKILL), as a crash would. Its data stays. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends the server and removes its folder. May be called again. */
  async stop(): Promise<void> {
    // Nobody will read the data again, so nothing needs to be flushed.
    await this.#end('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Stops it, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #dataDirectory(): string {
    return join(this.directory, 'data');
  }

  // A server that starts removes the temporary tables that it finds, also those of its neighbours.
  get #temporaryDirectory(): string {
    return join(this.directory, 'tmp');
  }

  #client(args: readonly string[], input: ProgramInput, database: string | undefined): Promise<Buffer> {
    const target = database === undefined ? [] : ['--', database];
    return runProgram(this.#programs.client, [...this.clientArguments, ...args, ...target], { input });
  }

  async #launch(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#port === 0) this.#port = await freePort();
      const words = await this.#launchOnce();
      if (words === undefined) return;
      // Between asking for a free port and using it another program can take it.
      const portTaken = /bind on tcp\/ip port|address already in use/iu.test(words);
      if (!portTaken || attempt === 5 || this.#options.port !== undefined) {
        throw startFailed(`the private MariaDB did not start: ${words.slice(-1500)}`);
      }
      this.#port = 0;
    }
  }

  /** Gives `undefined` once the server answers, or its last words. */
  async #launchOnce(): Promise<string | undefined> {
    const errorLog = join(this.directory, 'error.log');
    await rm(errorLog, { force: true });
    const args = [
      '--no-defaults',
      `--datadir=${this.#dataDirectory}`,
      `--tmpdir=${this.#temporaryDirectory}`,
      `--socket=${this.socketPath}`,
      `--pid-file=${join(this.directory, 'pid')}`,
      `--log-error=${errorLog}`,
      `--port=${this.#port}`,
      '--bind-address=127.0.0.1',
      '--skip-log-bin',
      '--skip-name-resolve',
      // A crash of the process keeps the data all the same; only one of the machine would not.
      '--innodb-flush-log-at-trx-commit=2',
      ...(this.#options.serverArguments ?? []),
    ];
    const child = await spawnServer(this.#programs.server, args, this.directory);
    this.#process = child;
    if (await answersInTime(child, this.socketPath, this.#options.startTimeoutMs ?? 60_000)) return undefined;
    await this.#end('SIGKILL');
    return readFile(errorLog, 'utf8').catch(() => 'it left no error log');
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined) return;
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    }
    endedByExit.delete(child);
  }
}

function startFailed(message: string, cause?: unknown): BackupError {
  return new BackupError('DATABASE_UNAVAILABLE', message, {
    stage: 'service',
    reason: 'start-failed',
    cause,
  });
}
