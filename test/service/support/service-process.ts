import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../../support/leak-check.js';
import { runToEnd, type ProgramResult } from '../../support/run-to-end.js';

const servicePath = fileURLToPath(new URL('../../../../dist/cli/service-main.js', import.meta.url));

/** Runs the program to its end. */
export function runService(args: readonly string[], input?: string): Promise<ProgramResult> {
  return runToEnd(process.execPath, [servicePath, ...args], { input });
}

/** A process of `gateway-backup-service`, ended with the test. */
export class ServiceProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  output = '';
  readonly #closed: Promise<number | null>;

  private constructor(child: ChildProcess) {
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.#closed = new Promise((resolve) => child.on('close', resolve));
  }

  /** Writes the configuration into the folder and starts; resolves when the service listens. */
  static async start(
    folder: string,
    config: object,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ServiceProcess> {
    const file = join(folder, 'service.json');
    writeFileSync(file, JSON.stringify(config));
    const child = spawn(process.execPath, [servicePath, '--config', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const started = new ServiceProcess(child);
    await until(() => /on port \d+/.test(started.output) || child.exitCode !== null, 60_000);
    if (child.exitCode !== null) throw new Error(`the service did not start: ${started.output}`);
    return started;
  }

  get port(): number {
    return Number(/on port (\d+)/.exec(this.output)![1]);
  }

  get plainPort(): number {
    return Number(/without TLS, (\d+)/.exec(this.output)![1]);
  }

  get pid(): number {
    return this.child.pid!;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves with the exit status. */
  ended(): Promise<number | null> {
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.#closed;
  }
}
