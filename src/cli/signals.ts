import process from 'node:process';
import { signalExitCodes } from './exit-codes.js';

/** A signal that cancels, and has an exit status of its own. */
export type WatchedSignal = keyof typeof signalExitCodes;

/** Signals of the operating system as an abort signal. */
export interface SignalWatch {
  readonly signal: AbortSignal;
  /** The first one that came. */
  readonly received: WatchedSignal | undefined;
  stop(): void;
}

/** The first signal cancels cleanly; a second one ends the process at once. */
export function watchSignals(): SignalWatch {
  const controller = new AbortController();
  let received: WatchedSignal | undefined;
  const names = Object.keys(signalExitCodes) as WatchedSignal[];
  const onSignal = (name: NodeJS.Signals): void => {
    const watched = name as WatchedSignal;
    if (received !== undefined) {
      // An operator who asks twice means it; what is left behind is cleared by the next run. The signal itself ends the
      // process, because `exit` would wait for a disk that hangs. A shell shows the same status for both.
      process.removeAllListeners(watched);
      process.kill(process.pid, watched);
      return;
    }
    received = watched;
    controller.abort(new Error(`stopped by ${name}`));
  };
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    get received() {
      return received;
    },
    stop() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
