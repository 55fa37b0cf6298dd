import assert from 'node:assert/strict';
import { tracingChannel } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { BackupError, defaultCollectors, isBackupError, runBackup, type ImageSink } from 'gateway-backup';
import {
  createSampleGateway,
  failingCollector,
  MemorySink,
  type SampleGateway,
} from 'gateway-backup/testing';

describe('tracing', () => {
  let gateway: SampleGateway;
  let seen: string[];
  const subscriptions: (() => void)[] = [];

  beforeEach(async () => {
    gateway = await createSampleGateway();
    seen = [];
    for (const name of ['run', 'component', 'store']) {
      const channel = tracingChannel<unknown, Record<string, unknown>>(`gateway-backup:${name}`);
      const noted = (event: string) => (trace: Record<string, unknown>) => {
        const { error, result, ...facts } = trace;
        const what = facts['component'] ?? facts['sink'] ?? facts['kind'];
        const end = isBackupError(error) ? ` ${error.code}` : result === undefined ? '' : ' ok';
        seen.push(`${name} ${event} ${String(what)}${end}`);
      };
      const quiet = () => undefined;
      const subscribers = {
        start: noted('start'),
        end: quiet,
        asyncStart: quiet,
        asyncEnd: noted('end'),
        error: quiet,
      };
      channel.subscribe(subscribers);
      subscriptions.push(() => {
        channel.unsubscribe(subscribers);
      });
    }
  });
  afterEach(async () => {
    for (const unsubscribe of subscriptions.splice(0)) unsubscribe();
    await gateway.remove();
  });

  test('tells of the run, of each component and of the storing, from start to end', async () => {
    const { gatewayRoot, hostRoot } = gateway;
    await runBackup(
      { image: 'node.zip', config: true, ma: true },
      { gatewayRoot, hostRoot, sink: new MemorySink() },
    );
    assert.deepEqual(seen, [
      'run start custom',
      'component start config',
      'component end config ok',
      'component start ma',
      'component end ma ok',
      'store start memory',
      'store end memory ok',
      'run end custom ok',
    ]);
  });

  test('tells how a component, the storing and the run failed', async () => {
    const { gatewayRoot, hostRoot } = gateway;
    const sink: ImageSink = {
      name: 'broken',
      stagedOnFailure: 'discard',
      store: () => Promise.reject(new BackupError('SINK_FAILED', 'It broke.', { stage: 'store' })),
    };
    await assert.rejects(
      runBackup(
        { image: 'node.zip', config: true, components: ['site'] },
        { gatewayRoot, hostRoot, sink, collectors: [...defaultCollectors(), failingCollector('site')] },
      ),
    );
    assert.deepEqual(seen, [
      'run start custom',
      'component start config',
      'component end config ok',
      'component start site',
      'component end site SOURCE_UNREADABLE',
      'store start broken',
      'store end broken SINK_FAILED',
      'run end custom SINK_FAILED',
    ]);
  });
});
