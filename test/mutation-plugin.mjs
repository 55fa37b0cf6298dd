import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** Limits beyond which another way is faster: whichever is taken, the result is the same, and no test can tell. */
const speed = new Set(['LOOP_BYTES', 'HEX_LOOP_BYTES', 'SHORT_TEXT_BYTES', 'maxBytes', 'sqlKernel']);

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'choices-of-speed', {
    shouldIgnore: ({ node }) =>
      node.type === 'BinaryExpression' && [node.left, node.right].some((side) => speed.has(side.name))
        ? 'both ways give the same'
        : undefined,
  }),
];
