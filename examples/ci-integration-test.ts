// How a tool that embeds gateway-backup is tested in its own CI, without a Gateway: a sample one, a sink in memory, a
// component that fails on purpose, and the contract that every sink has to keep.
//
//   node --test ci-integration-test.js
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultCollectors, isBackupError, runBackup, type CompletedReport } from 'gateway-backup';
import { createSampleGateway, failingCollector, imageSinkContract, MemorySink } from 'gateway-backup/testing';
import { rateLimitedSink } from './custom-sink.js';

/** What is under test: the tool's own words for an outcome. */
function summary({ status, components }: CompletedReport): string {
  const failed = components.filter((component) => component.status === 'failed');
  return status === 'success'
    ? 'all well'
    : `missing: ${failed.map(({ component }) => component).join(', ')}`;
}

test('a whole backup is called well, and is where the tool put it', async () => {
  await using gateway = await createSampleGateway();
  const { gatewayRoot, hostRoot } = gateway;
  const sink = new MemorySink();
  const report = await runBackup(
    { image: 'node.zip', config: true, ca: true },
    { gatewayRoot, hostRoot, sink },
  );
  assert.equal(summary(report), 'all well');
  assert.equal(sink.images.size, 1);
});

test('a component that fails is named, and the others are in the image', async () => {
  await using gateway = await createSampleGateway();
  const { gatewayRoot, hostRoot } = gateway;
  const collectors = [...defaultCollectors(), failingCollector('site')];
  const report = await runBackup(
    { image: 'node.zip', config: true, components: ['site'] },
    { gatewayRoot, hostRoot, collectors, sink: new MemorySink() },
  );
  assert.equal(summary(report), 'missing: site');
});

test('with haltOnFirstFailure there is no image, and the error says which component it was', async () => {
  await using gateway = await createSampleGateway();
  const { gatewayRoot, hostRoot } = gateway;
  const sink = new MemorySink();
  const collectors = [failingCollector('site'), ...defaultCollectors()];
  await assert.rejects(
    runBackup(
      { image: 'node.zip', config: true, components: ['site'], haltOnFirstFailure: true },
      { gatewayRoot, hostRoot, collectors, sink },
    ),
    (error) => isBackupError(error) && error.code === 'COMPONENT_FAILED' && error.component === 'site',
  );
  assert.equal(sink.images.size, 0);
});

imageSinkContract('the rate-limited sink', () => {
  const inner = new MemorySink();
  return {
    sink: rateLimitedSink(inner, 1_000_000_000),
    read: (name) => Promise.resolve(inner.images.get(name)),
  };
});
