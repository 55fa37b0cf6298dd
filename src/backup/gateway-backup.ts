import { defaultCollectors } from '../collectors/default-collectors.js';
import type { BackupOptions } from '../options/backup-options.js';
import type { BackupPlan } from '../plan/backup-plan.js';
import type { CompletedReport } from '../report.js';
import type { AbortableOptions } from '../support/abort.js';
import type { BackupRunOptions, GatewayBackupOptions } from './gateway-backup-options.js';
import {
  checkRunOptions,
  resolveGatewayOptions,
  type ResolvedGatewayOptions,
} from './resolve-gateway-options.js';

/**
 * Backs up one gateway node.
 *
 * @example
 * ```ts
 * const backup = new GatewayBackup({ gatewayRoot: '/opt/SecureSpan' });
 * const plan = await backup.plan({ image: 'node1.zip' });
 * console.log(plan.toString());
 * const report = await backup.run({ image: 'node1.zip' }, { signal: AbortSignal.timeout(3_600_000) });
 * ```
 *
 * @public
 */
export class GatewayBackup {
  readonly #gateway: ResolvedGatewayOptions;

  /** @throws BackupError `INVALID_OPTIONS` */
  constructor(options: GatewayBackupOptions = {}) {
    this.#gateway = resolveGatewayOptions(options, (rpm) => defaultCollectors({ ext: rpm }));
  }

  /**
   * Says what a backup would take, why, and how big it is. Looks, and changes nothing.
   *
   * @throws BackupError as {@link GatewayBackup.run} does before its work begins.
   */
  async plan(options: BackupOptions, run: AbortableOptions = {}): Promise<BackupPlan> {
    checkRunOptions(run);
    // Loaded when it is needed, here and below, so that importing this package stays cheap.
    const { planBackup } = await import('./perform-backup.js');
    return planBackup(options, this.#gateway, run);
  }

  /**
   * Makes one image and stores it.
   *
   * @returns the report of a run that made an image: `success`, or `partial` when a component failed.
   * @throws BackupError when there is no image; its `report` says what was done, if the run had begun.
   */
  async run(options: BackupOptions, run: BackupRunOptions = {}): Promise<CompletedReport> {
    checkRunOptions(run);
    const { performBackup } = await import('./perform-backup.js');
    return performBackup(options, this.#gateway, run);
  }
}

/**
 * {@link GatewayBackup.run} in one call.
 *
 * @example
 * ```ts
 * const report = await runBackup({ image: 'node1.zip', includeAudits: true });
 * console.log(report.status, report.image.path);
 * ```
 *
 * @public
 */
export async function runBackup(
  options: BackupOptions,
  host: GatewayBackupOptions & BackupRunOptions = {},
): Promise<CompletedReport> {
  const { signal, sink, onEvent, ...gateway } = host;
  return new GatewayBackup(gateway).run(options, { signal, sink, onEvent });
}
