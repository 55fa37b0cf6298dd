import { BackupError, isBackupError } from '../errors.js';
import { MappingTemplateGenerator } from '../mapping/mapping-template-generator.js';
import { throwIfCancelled } from '../support/abort.js';
import { errnoOf } from '../support/errno.js';
import { PendingFile } from './pending-file.js';
import type { RunDatabase } from './run-database.js';

/** What the mapping template of a run is made of, and whom it tells. */
export interface RunMappingOptions {
  /** The file to make; `undefined` when none was asked for. */
  readonly path: string | undefined;
  readonly database: RunDatabase;
  readonly haltOnFirstFailure: boolean;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

/** The mapping template of one run. What is wrong with it makes the run partial, or ends it. */
export class RunMapping {
  readonly #options: RunMappingOptions;
  #error: BackupError | undefined;

  constructor(options: RunMappingOptions) {
    this.#options = options;
  }

  /** Why the template is missing or incomplete. */
  get error(): BackupError | undefined {
    return this.#error;
  }

  /** Makes it, inside the run's snapshot; the file stays only if it is kept. */
  async make(): Promise<PendingFile | undefined> {
    const { path, database, haltOnFirstFailure, signal } = this.#options;
    if (path === undefined) return undefined;
    try {
      const generator = new MappingTemplateGenerator(await database.session());
      const template = await generator.generate({ signal });
      for (const { table, name, message } of template.faults) {
        this.#failed(
          `The mapping template is incomplete: ${table} ${name}: ${message}`,
          'incomplete',
          undefined,
        );
      }
      if (this.#error !== undefined && haltOnFirstFailure) throw this.#error;
      return await PendingFile.write(path, template.xml);
    } catch (error) {
      throwIfCancelled(signal, 'mapping');
      if (error !== this.#error) {
        const reason = isBackupError(error) ? error.message : (errnoOf(error) ?? String(error));
        this.#failed(`The mapping template could not be made: ${reason}`, 'missing', error);
      }
      if (haltOnFirstFailure) throw this.#error!;
      return undefined;
    }
  }

  #failed(message: string, reason: string, cause: unknown): void {
    this.#error ??= new BackupError('MAPPING_TEMPLATE_FAILED', message, { stage: 'mapping', reason, cause });
    this.#options.warn(message);
  }
}
