import assert from 'node:assert/strict';

/** What a value must be: a check that gives its complaint, or nothing. */
export type Shape = (value: unknown, at: string) => string | undefined;

const text: Shape = (value, at) =>
  typeof value === 'string' && value !== '' ? undefined : `${at} is no text`;
const count: Shape = (value, at) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : `${at} is no count`;
const flag: Shape = (value, at) => (typeof value === 'boolean' ? undefined : `${at} is no flag`);
const digest: Shape = (value, at) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? undefined : `${at} is no SHA-256`;
const time: Shape = (value, at) =>
  typeof value === 'string' && new Date(value).toISOString() === value ? undefined : `${at} is no time`;
const nothing: Shape = (value, at) => (value === null ? undefined : `${at} is not null`);
const oneOf = (...values: readonly string[]): Shape => {
  return (value, at) => (values.includes(value as string) ? undefined : `${at} is ${String(value)}`);
};
const optional = (shape: Shape): Shape => {
  return (value, at) => (value === undefined ? undefined : shape(value, at));
};
const either = (...shapes: readonly Shape[]): Shape => {
  return (value, at) => {
    const complaints = shapes.map((shape) => shape(value, at));
    return complaints.includes(undefined) ? undefined : complaints.join('; ');
  };
};
const list = (shape: Shape): Shape => {
  return (value, at) =>
    Array.isArray(value)
      ? value
          .map((item, index) => shape(item, `${at}[${index}]`))
          .find((complaint) => complaint !== undefined)
      : `${at} is no list`;
};
/** An object of these properties and no other. */
const record = (properties: Readonly<Record<string, Shape>>): Shape => {
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${at} is no object`;
    const strange = Object.keys(value).find((name) => !Object.hasOwn(properties, name));
    if (strange !== undefined) return `${at} has ${strange}`;
    return Object.entries(properties)
      .map(([name, shape]) => shape((value as Record<string, unknown>)[name], `${at}.${name}`))
      .find((complaint) => complaint !== undefined);
  };
};

// By hand after the published types, so that a change of what is printed has to be made twice.

const errorCode = oneOf(
  ...[
    'INVALID_OPTIONS',
    'GATEWAY_NOT_CONFIGURED',
    'NOTHING_TO_BACK_UP',
    'COMPONENT_FAILED',
    'SOURCE_UNREADABLE',
  ],
  ...['DATABASE_UNAVAILABLE', 'DATABASE_DUMP_FAILED', 'IMAGE_WRITE_FAILED', 'IMAGE_INVALID'],
  ...['MAPPING_TEMPLATE_FAILED', 'SINK_UNAVAILABLE', 'SINK_REJECTED', 'SINK_FAILED', 'CANCELLED'],
  ...['INSUFFICIENT_SPACE', 'BUSY', 'INTERNAL'],
);
const zero: Shape = (value, at) => (value === 0 ? undefined : `${at} is not 0`);
const plannedComponent = record({
  component: text,
  included: flag,
  reason: oneOf('selected', 'default', 'not-selected', 'not-applicable', 'overridden'),
  explanation: text,
  estimatedBytes: optional(count),
});
const componentReport = either(
  record({ component: text, status: oneOf('collected'), entries: count, bytes: count, durationMs: count }),
  record({
    component: text,
    status: oneOf('not-applicable', 'failed'),
    reason: text,
    code: optional(errorCode),
    entries: zero,
    bytes: zero,
    durationMs: count,
  }),
);
const storedImage = record({ path: text, bytes: count, sha256: digest });

const lines: Readonly<Record<string, Shape>> = {
  planned: record({ type: text, components: list(plannedComponent) }),
  'component-started': record({ type: text, component: text, estimatedBytes: optional(count) }),
  progress: record({
    type: text,
    stage: oneOf('collect', 'verify', 'store'),
    component: optional(text),
    bytes: count,
    totalBytes: optional(count),
  }),
  'component-finished': record({ type: text, report: componentReport }),
  warning: record({ type: text, message: text, component: optional(text) }),
  stored: record({ type: text, image: storedImage }),
  report: record({
    type: text,
    status: oneOf('success', 'partial', 'failed'),
    image: either(nothing, storedImage),
    components: list(componentReport),
    warnings: list(text),
    startedAt: time,
    durationMs: count,
    mappingTemplate: optional(text),
    error: optional(record({ code: errorCode, message: text, hint: optional(text) })),
  }),
  plan: record({ type: text, components: list(plannedComponent) }),
};

/** Asserts that each line that `--json` printed is one of the published types, and gives their types in order. */
export function assertPrintedTypes(stdout: string): string[] {
  assert.ok(stdout.endsWith('\n'), 'the last line is complete');
  return stdout
    .slice(0, -1)
    .split('\n')
    .map((line) => {
      const value = JSON.parse(line) as { readonly type: string };
      const shape = Object.hasOwn(lines, value.type) ? lines[value.type] : undefined;
      assert.ok(shape !== undefined, `unknown type: ${line}`);
      assert.equal(shape(value, value.type), undefined, line);
      return value.type;
    });
}
