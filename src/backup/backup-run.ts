import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import type { CollectorContext, ComponentName } from '../collectors/component-collector.js';
import { SourceReader } from '../collectors/source-reader.js';
import type { BackupError } from '../errors.js';
import type { BackupEvent } from '../events.js';
import { isPlausibleVersion } from '../gateway/gateway-version.js';
import { backupRecord, printBackupRecord } from '../image/backup-record.js';
import { bytesEntry } from '../image/image-entry.js';
import { StagedImage } from '../image/staged-image.js';
import { clearLeftovers } from '../support/staging-leftovers.js';
import type { BackupPlan } from '../plan/backup-plan.js';
import type {
  CompletedReport,
  ComponentReport,
  FailedReport,
  ReportedError,
  ReportFacts,
} from '../report.js';
import { throwIfCancelled } from '../support/abort.js';
import { logFor } from '../support/log.js';
import { messageOf } from '../support/message-of.js';
import { ownVersion } from '../support/own-version.js';
import { traceRun } from '../support/tracing.js';
import { collectorContext, type CollectorContextOptions } from './collector-context.js';
import { EventEmitter } from './event-emitter.js';
import { checkFreeSpace } from './free-space.js';
import { versionUnknown } from './gateway-version-unknown.js';
import { lockPath } from './lock-path.js';
import { openMainDatabase } from './open-main-database.js';
import type { PreparedBackup } from './prepared-backup.js';
import { runCollectors, type ComponentAnnotations } from './run-collectors.js';
import { RunDatabase } from './run-database.js';
import { runFailure } from './run-failure.js';
import { acquireRunLock } from './run-lock.js';
import { RunMapping } from './run-mapping.js';
import { storeImage } from './store-image.js';

const log = logFor('collect');

/**
 * One run, after everything was checked that can be checked without work:
 *
 * 1. lock the node
 * 2. clear what a killed run left in the folders that are written to
 * 3. estimate, and compare with the free space
 * 4. open the staged image; its first entry is the version
 * 5. collect the components, one after the other
 * 6. make the mapping template, inside the same snapshot; then let the database go. It goes if the run fails later
 * 7. write the record, the manifest and the directory; read the image back
 * 8. store the image
 * 9. report
 */
export class BackupRun {
  readonly #prepared: PreparedBackup;
  readonly #signal: AbortSignal;
  readonly #emitter: EventEmitter;
  readonly #database: RunDatabase;
  readonly #mapping: RunMapping;
  readonly #reports: ComponentReport[] = [];
  readonly #warnings = new Set<string>();
  /** For durations: unlike the clock of the run, it never goes back. */
  readonly #began = performance.now();
  #mappingTemplate: string | undefined;

  constructor(
    prepared: PreparedBackup,
    onEvent: ((event: BackupEvent) => void) | undefined,
    signal: AbortSignal,
  ) {
    this.#prepared = prepared;
    this.#signal = signal;
    this.#emitter = new EventEmitter(onEvent, log, () => performance.now());
    this.#database = new RunDatabase(() => openMainDatabase(prepared.detected, prepared.gateway, signal));
    this.#mapping = new RunMapping({
      path: prepared.mappingTemplate,
      database: this.#database,
      haltOnFirstFailure: prepared.options.haltOnFirstFailure,
      signal,
      warn: (message) => {
        this.#warn(message);
      },
    });
  }

  /** The plan with what its components would take. */
  async estimate(): Promise<BackupPlan> {
    await using _database = this.#database;
    return await this.#estimate(undefined);
  }

  async run(): Promise<CompletedReport> {
    const { plan, detected, imageName: image } = this.#prepared;
    return traceRun({ node: detected.facts.node, image, kind: plan.kind }, () => this.#run());
  }

  async #run(): Promise<CompletedReport> {
    const { plan, detected, startedAt } = this.#prepared;
    try {
      await using _lock = await acquireRunLock(await lockPath(detected), {
        run: randomUUID(),
        startedAt,
        signal: this.#signal,
      });
      this.#emitter.emit({ type: 'planned', components: plan.components });
      for (const warning of [...detected.facts.warnings, ...plan.warnings]) this.#warn(warning);
      if (this.#prepared.options.ftp !== undefined) this.#warn(ftpIsNotEncrypted);
      await using _database = this.#database;
      return await this.#work();
    } catch (error) {
      const failure = runFailure(error, this.#signal);
      throw failure.withReport(this.#failedReport(failure));
    }
  }

  async #work(): Promise<CompletedReport> {
    const { sink, gateway, imageName, startedAt } = this.#prepared;
    const directory = sink.stagingDirectory ?? gateway.workDirectory;
    await this.#clearLeftovers(directory);
    await using reader = new SourceReader({ level: gateway.compressionLevel });
    const plan = await this.#estimate(reader);
    if (gateway.checkFreeSpace) await checkFreeSpace({ folder: directory, bytes: spaceFor(plan) });
    const version = await this.#version();
    await using staged = await StagedImage.create(directory, imageName, {
      signal: this.#signal,
      level: gateway.compressionLevel,
      startedAt,
    });
    await staged.writer.addOwn(bytesEntry('version', version));
    const annotations = await this.#collect(plan, staged, reader);
    await reader.close();
    await using mapping = await this.#mapping.make();
    await this.#database.close();

    await staged.writer.addOwn(bytesEntry('backup.json', this.#record(version, annotations, staged)));
    const { bytes: totalBytes } = await staged.finish();
    await staged.confirm({
      signal: this.#signal,
      full: gateway.verification === 'full',
      onProgress: (bytes) => {
        this.#emitter.emit({ type: 'progress', stage: 'verify', bytes, totalBytes });
      },
    });
    const stored = await storeImage(sink, staged, {
      signal: this.#signal,
      emitter: this.#emitter,
      warn: (message) => {
        this.#warn(message);
      },
    });
    mapping?.keep();
    this.#mappingTemplate = mapping?.path;
    const error = this.#mapping.error && reported(this.#mapping.error);
    return Object.freeze({ ...this.#facts(), status: this.#status(), image: stored, error });
  }

  /** Everywhere a run of this node may have written to, also one with another target. */
  async #clearLeftovers(directory: string): Promise<void> {
    const { mappingTemplate, gateway } = this.#prepared;
    const folders = new Set([directory, gateway.workDirectory]);
    if (mappingTemplate !== undefined) folders.add(dirname(mappingTemplate));
    for (const folder of folders) await clearLeftovers(folder);
  }

  #collect(plan: BackupPlan, staged: StagedImage, reader: SourceReader): Promise<ComponentAnnotations> {
    const { gateway, options } = this.#prepared;
    return runCollectors({
      plan,
      collectors: gateway.collectors,
      writer: staged.writer,
      database: this.#database,
      contextFor: (component, annotate) =>
        this.#contextFor(component, {
          annotate,
          reader,
          warn: (message) => {
            this.#warn(message, component);
          },
        }),
      haltOnFirstFailure: options.haltOnFirstFailure,
      signal: this.#signal,
      emitter: this.#emitter,
      log,
      now: () => performance.now(),
      reports: this.#reports,
    });
  }

  #contextFor(
    component: ComponentName,
    hooks: Pick<CollectorContextOptions, 'annotate' | 'warn' | 'reader'>,
  ): CollectorContext {
    return collectorContext({
      component,
      gateway: this.#prepared.detected.facts,
      signal: this.#signal,
      database: this.#database,
      compressionLevel: this.#prepared.gateway.compressionLevel,
      ...hooks,
    });
  }

  /**
   * Asks the collectors for sizes. One that cannot tell now says why when it collects.
   *
   * @param reader - Hears how many files there will be to read.
   */
  async #estimate(reader: SourceReader | undefined): Promise<BackupPlan> {
    const { plan, gateway } = this.#prepared;
    const estimates = new Map<ComponentName, number>();
    for (const { component, included } of plan.components) {
      const collector = included
        ? gateway.collectors.find((each) => each.component === component)
        : undefined;
      if (collector?.estimate === undefined) continue;
      throwIfCancelled(this.#signal, 'plan');
      // What is noticed here is noticed again when the component is collected.
      const hooks = { reader, warn: () => undefined, annotate: () => undefined };
      try {
        const bytes = await collector.estimate(this.#contextFor(component, hooks));
        if (!Number.isFinite(bytes) || bytes < 0) throw new TypeError(`${bytes} is no number of bytes`);
        estimates.set(component, bytes);
      } catch (error) {
        throwIfCancelled(this.#signal, 'plan');
        log('no estimate for %s: %s', component, messageOf(error));
      }
    }
    return plan.withEstimates(estimates);
  }

  /** The version as found, or as the database says. */
  async #version(): Promise<string> {
    const { facts } = this.#prepared.detected;
    if (facts.version !== undefined) return facts.version;
    let cause: unknown;
    if (facts.database.local) {
      try {
        const session = await this.#database.session();
        const [row] = await session.query('SELECT current_version FROM ssg_version');
        const version = row?.[0]?.toString('utf8').trim() ?? '';
        if (isPlausibleVersion(version)) return version;
      } catch (error) {
        throwIfCancelled(this.#signal, 'plan');
        cause = error;
      }
    }
    throw versionUnknown(cause);
  }

  #record(version: string, annotations: ComponentAnnotations, staged: StagedImage): string {
    const { detected, plan, startedAt, gateway } = this.#prepared;
    return printBackupRecord(
      backupRecord({
        generator: { name: 'gateway-backup', version: ownVersion },
        gateway: { version, node: detected.facts.node },
        kind: plan.kind,
        status: this.#status(),
        startedAt,
        endedAt: gateway.now(),
        components: this.#reports.map(({ component, status, reason, entries, bytes }) => ({
          component,
          outcome: status,
          reason,
          entries,
          bytes,
          annotations: annotations.get(component),
        })),
        warnings: [...this.#warnings],
        entries: staged.writer.entries,
      }),
    );
  }

  /** Success has to be proven, component by component. */
  #status(): 'success' | 'partial' {
    const { plan } = this.#prepared;
    const wanted = plan.components.filter((line) => line.included || plan.failsFor(line));
    const whole = wanted.every(({ component }) =>
      this.#reports.some((report) => report.component === component && report.status === 'collected'),
    );
    return whole && this.#mapping.error === undefined ? 'success' : 'partial';
  }

  #failedReport(failure: BackupError): FailedReport {
    return Object.freeze({ ...this.#facts(), status: 'failed', image: null, error: reported(failure) });
  }

  #facts(): ReportFacts {
    return {
      components: Object.freeze([...this.#reports]),
      warnings: Object.freeze([...this.#warnings]),
      startedAt: this.#prepared.startedAt,
      durationMs: Math.round(performance.now() - this.#began),
      mappingTemplate: this.#mappingTemplate,
    };
  }

  #warn(message: string, component?: ComponentName): void {
    const warning = component === undefined ? message : `${component}: ${message}`;
    // A component that is tried a second time says again what it said.
    if (this.#warnings.has(warning)) return;
    this.#warnings.add(warning);
    this.#emitter.emit({ type: 'warning', message, component });
  }
}

function reported({ code, message, hint }: BackupError): ReportedError {
  return { code, message, hint };
}

const ftpIsNotEncrypted =
  'FTP does not encrypt: the password and the image, with all its secrets, can be read on the way to the server.';

/** What does not compress is as large in the image as it was; and a little for headers and the record. */
function spaceFor(plan: BackupPlan): number {
  const bytes = plan.components.reduce((sum, { estimatedBytes }) => sum + (estimatedBytes ?? 0), 0);
  return bytes + 1024 * 1024;
}
