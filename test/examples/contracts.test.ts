import {
  createSampleGateway,
  componentCollectorContract,
  imageSinkContract,
  MemorySink,
} from 'gateway-backup/testing';
import { Secret } from 'gateway-backup';
import { siteCollector } from '../../examples/custom-collector.js';
import { rateLimitedSink } from '../../examples/custom-sink.js';
import { ObjectStoreSink } from '../../examples/object-store-sink.js';
import { objectStore } from './object-store.js';

imageSinkContract('the example of a sink with a limited rate', () => {
  const inner = new MemorySink();
  return {
    sink: rateLimitedSink(inner, 20_000_000),
    read: (name) => Promise.resolve(inner.images.get(name)),
    list: () => Promise.resolve([...inner.images.keys()]),
  };
});

imageSinkContract('the example of an object store', async () => {
  const store = await objectStore('s3cret');
  return {
    sink: new ObjectStoreSink(store.folder, new Secret('s3cret')),
    read: (name) => Promise.resolve(store.objects.get(name)),
    list: () => Promise.resolve([...store.objects.keys()]),
    dispose: async () => {
      await store[Symbol.asyncDispose]();
    },
  };
});

componentCollectorContract('the example of a collector', async () => {
  const machine = await createSampleGateway({
    files: { 'opt/SecureSpan/Gateway/config/site/nightly.sh': '#!/bin/sh\n', 'etc/motd': 'Welcome\n' },
  });
  return { collector: siteCollector, machine, dispose: () => machine.remove() };
});
