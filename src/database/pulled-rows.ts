import type { RawValue } from './database-session.js';
import type { ResultFlow, ResultReader } from './dumpable-session.js';

type Row = readonly RawValue[];

const HIGH_WATER_ROWS = 256;

/**
 * A pushed result as an async iterable. Leaving the loop early stops the statement on the server.
 */
export async function* pulledRows(
  start: (reader: ResultReader) => ResultFlow,
): AsyncGenerator<Row, void, undefined> {
  let queue: Row[] = [];
  let wake: (() => void) | undefined;
  const state = { over: false };
  const flow = start({
    onRow: (row) => {
      queue.push(row);
      if (queue.length >= HIGH_WATER_ROWS) flow.pause();
      wake?.();
    },
  });
  const finish = (): void => {
    state.over = true;
    wake?.();
  };
  flow.ended.then(finish, finish);
  try {
    for (;;) {
      const batch = queue;
      queue = [];
      flow.resume();
      for (const row of batch) yield row;
      if (queue.length > 0) continue;
      if (state.over) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
    await flow.ended;
  } finally {
    await flow.cancel();
  }
}
