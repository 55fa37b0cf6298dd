import type { RawValue } from './database-session.js';
import type { ResultFlow, ResultReader } from './dumpable-session.js';
import { FlowWaiter } from './flow-waiter.js';

type Row = readonly RawValue[];

const HIGH_WATER_ROWS = 256;

/**
 * A pushed result as an async iterable. Leaving the loop early stops the statement on the server.
 */
export async function* pulledRows(
  start: (reader: ResultReader) => ResultFlow,
): AsyncGenerator<Row, void, undefined> {
  let queue: Row[] = [];
  const waiter = new FlowWaiter();
  const flow = start({
    onRow: (row) => {
      queue.push(row);
      if (queue.length >= HIGH_WATER_ROWS) flow.pause();
      waiter.wake();
    },
  });
  waiter.watch(flow);
  try {
    for (;;) {
      const batch = queue;
      queue = [];
      flow.resume();
      for (const row of batch) yield row;
      if (queue.length > 0) continue;
      if (waiter.over) break;
      await waiter.sleep();
    }
    await flow.ended;
  } finally {
    await flow.cancel();
  }
}
