import {
  bytesEntry,
  defaultCollectors,
  retryingSink,
  runBackup,
  type ComponentCollector,
  type ImageEntry,
  type ImageSink,
} from 'gateway-backup';

// The smallest collector and the smallest sink, typed by where they stand.
void runBackup(
  { image: 'node.zip', components: ['site'] },
  {
    collectors: [
      ...defaultCollectors(),
      {
        component: 'site',
        applicability: (gateway) =>
          gateway.isAppliance
            ? { applies: true }
            : { applies: false, explanation: 'Only an appliance has it.' },
        async *collect({ gateway, resolve, files, signal }) {
          signal satisfies AbortSignal;
          yield* files(resolve('Gateway', 'site'));
          yield bytesEntry('node.txt', gateway.node);
        },
      },
    ],
    sink: { name: 'nowhere', store: (image) => Promise.resolve({ path: image.name }) },
  },
);

export const silent: ComponentCollector = {
  component: 'silent',
  // @ts-expect-error -- who does not apply says why
  applicability: () => ({ applies: false }),
  async *collect() {
    // Nothing.
  },
};

export const eager: ComponentCollector = {
  component: 'eager',
  applicability: () => ({ applies: true }),
  // @ts-expect-error -- entries are pulled, not returned
  collect: () => [bytesEntry('a', 'b')],
};

// @ts-expect-error -- an entry is a way to open, not content
export const opened: ImageEntry = { path: 'a', content: Buffer.from('b') };

// @ts-expect-error -- a sink says where it put the image
export const forgetful: ImageSink = { name: 'forgetful', store: () => Promise.resolve() };

retryingSink(
  { name: 'nowhere', store: () => Promise.resolve({ path: '' }) },
  { attempts: 5 },
) satisfies ImageSink;
