import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { BackupError } from '../../errors.js';
import type { AuditLog, AuditRecord } from './audit-log.js';

/**
 * Audit records as one JSON object a line, appended to a file of mode 0600. The file is opened for each record, so it may be
 * rotated by renaming it.
 *
 * @example
 * ```ts
 * const audit = new JsonLinesAuditLog('/var/log/gateway-backup/audit.jsonl');
 * ```
 *
 * @public
 */
export class JsonLinesAuditLog implements AuditLog {
  readonly #path: string;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when the record is on the disk. */
  async record(record: AuditRecord): Promise<void> {
    // One writer at a time, and a record that could not be written does not stop those after it.
    const written = this.#last.then(() => this.#append(`${JSON.stringify(record)}\n`));
    this.#last = written.catch(() => undefined);
    await written;
  }

  async #append(line: string): Promise<void> {
    try {
      const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
      const file = await open(this.#path, flags, 0o600);
      try {
        await file.writeFile(line);
        await file.datasync();
      } finally {
        await file.close();
      }
    } catch (cause) {
      throw new BackupError('INTERNAL', `The audit file ${this.#path} could not be written.`, {
        stage: 'service',
        reason: 'audit-not-written',
        hint: 'Check that its folder exists, is writable, and has space.',
        cause,
      });
    }
  }
}
