import type { BackupReport } from '../report.js';

/** Outcome of a run to exit status, from the product's documentation. */
export const exitCodes = {
  success: 0,
  partial: 2,
  failed: 1,
} as const satisfies Record<BackupReport['status'], number>;

/** Status after a signal: 128 and its number. */
export const signalExitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
