import { imageSinkContract, MemorySink } from 'gateway-backup/testing';

imageSinkContract('MemorySink', () => {
  const sink = new MemorySink();
  return {
    sink,
    read: (name) => Promise.resolve(sink.images.get(name)),
    list: () => Promise.resolve([...sink.images.keys()]),
  };
});
