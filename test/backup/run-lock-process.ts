// A process that asks for the lock when it is told to, says what came of it, and holds the lock until it ends.
import { randomUUID } from 'node:crypto';
import { isBackupError } from 'gateway-backup';
import { acquireRunLock } from '#dist/backup/run-lock.js';

/** What the process says. */
export interface LockAnswer {
  readonly won: boolean;
  readonly tookMs: number;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

process.once('message', (file: string) => {
  const startedAt = new Date();
  acquireRunLock(file, { run: randomUUID(), startedAt }).then(
    (lock) => {
      answer({ won: true, tookMs: Date.now() - startedAt.getTime() });
      process.once('message', () => {
        void lock[Symbol.asyncDispose]().then(() => {
          process.disconnect();
        });
      });
    },
    (error: unknown) => {
      const { code, message } = isBackupError(error) ? error : { code: 'none', message: String(error) };
      answer({ won: false, tookMs: Date.now() - startedAt.getTime(), code, message });
    },
  );
});
process.send?.('ready');

function answer(said: LockAnswer): void {
  process.send?.(said);
}
