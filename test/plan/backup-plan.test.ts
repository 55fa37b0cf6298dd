import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BackupPlan,
  defaultCollectors,
  isBackupError,
  type BackupOptions,
  type GatewayFacts,
} from 'gateway-backup';
import { planChecks, planRules } from '#dist/plan/plan-rules.js';
import { gatewayFacts, remoteDatabase } from '../support/gateway-facts.js';

const image = 'node1.zip';

function plan(options: Omit<BackupOptions, 'image'>, facts: Partial<GatewayFacts> = {}): BackupPlan {
  return BackupPlan.create({ image, ...options }, gatewayFacts(facts), defaultCollectors());
}

const rows: readonly {
  readonly what: string;
  readonly options: Omit<BackupOptions, 'image'>;
  readonly facts?: Partial<GatewayFacts>;
  readonly included: string;
  readonly reasons?: Record<string, string>;
  readonly warning?: RegExp;
}[] = [
  {
    what: 'a standard backup takes everything but audits and the Enterprise Service Manager',
    options: {},
    included: 'maindb config os ca ma ext',
    reasons: { audits: 'not-selected', esm: 'not-selected', maindb: 'default' },
  },
  {
    what: '-ia adds the audits',
    options: { includeAudits: true },
    included: 'maindb audits config os ca ma ext',
  },
  {
    what: '-esm adds to a standard backup',
    options: { esm: true },
    included: 'maindb config os ca ma ext esm',
  },
  { what: '-esm adds to a custom backup', options: { esm: true, config: true }, included: 'config esm' },
  {
    what: 'a component switch makes the backup custom, of only the named',
    options: { config: true, ext: true },
    included: 'config ext',
    reasons: { maindb: 'not-selected', config: 'selected' },
  },
  {
    what: '-ia in a custom backup takes no audits and is warned of',
    options: { maindb: true, includeAudits: true },
    included: 'maindb',
    reasons: { audits: 'overridden' },
    warning: /-ia is ignored in a custom backup.*-audits/,
  },
  {
    what: '-audits overrides -ia and makes the backup custom',
    options: { maindb: true, audits: true, includeAudits: true },
    included: 'maindb audits',
    reasons: { audits: 'selected', config: 'not-selected' },
  },
  {
    what: 'a standard backup without a local database leaves the database out',
    options: { includeAudits: true },
    facts: remoteDatabase(),
    included: 'config os ca ma ext',
    reasons: { maindb: 'not-applicable', audits: 'not-applicable' },
  },
  {
    what: 'a software gateway has no operating-system files to take',
    options: {},
    facts: { isAppliance: false },
    included: 'maindb config ca ma ext',
    reasons: { os: 'not-applicable' },
  },
  {
    what: 'an appliance without the list of files has none either',
    options: {},
    facts: { hasOsManifest: false },
    included: 'maindb config ca ma ext',
    reasons: { os: 'not-applicable' },
  },
  {
    what: 'what a custom backup names and does not apply is marked as failing',
    options: { maindb: true, os: true, config: true },
    facts: remoteDatabase(),
    included: 'config os',
    reasons: { maindb: 'not-applicable' },
  },
  {
    what: '-it goes with a standard backup',
    options: { mappingTemplate: 't.xml' },
    included: 'maindb config os ca ma ext',
  },
  { what: '-it goes with -maindb', options: { mappingTemplate: 't.xml', maindb: true }, included: 'maindb' },
];
for (const { what, options, facts, included, reasons = {}, warning } of rows) {
  test(what, () => {
    const made = plan(options, facts);
    const taken = made.components.filter((line) => line.included).map(({ component }) => component);
    assert.equal(taken.join(' '), included);
    for (const [component, reason] of Object.entries(reasons)) {
      const line = made.components.find((each) => each.component === component);
      assert.equal(line?.reason, reason, component);
      assert.match(line.explanation, /\.$/);
      assert.equal(made.failsFor(line), made.kind === 'custom' && reason === 'not-applicable');
    }
    if (warning === undefined) assert.deepEqual(made.warnings, []);
    else assert.match(made.warnings.join('\n'), warning);
  });
}

const refusals: readonly [string, Omit<BackupOptions, 'image'>, Partial<GatewayFacts>, string, RegExp][] = [
  ['-audits without -maindb', { audits: true }, {}, 'audits-without-maindb', /-audits .* needs -maindb/],
  [
    '-audits and -ia without -maindb',
    { audits: true, includeAudits: true },
    {},
    'audits-without-maindb',
    /-maindb/,
  ],
  [
    '-it in a custom backup without -maindb',
    { mappingTemplate: 'f', os: true },
    {},
    'mapping-template-without-maindb',
    /-it .*-maindb/,
  ],
  [
    '-esm that is not installed',
    { esm: true },
    { esm: { installed: false, running: false } },
    'esm-not-installed',
    /not installed/,
  ],
  [
    '-esm that runs',
    { esm: true },
    { esm: { installed: true, running: true, pid: 7 } },
    'esm-running',
    /running \(process 7\)/,
  ],
  [
    '-esm that runs, with -halt',
    { esm: true, haltOnFirstFailure: true },
    { esm: { installed: true, running: true } },
    'esm-running',
    /running; stop/,
  ],
  [
    'a component without a collector',
    { components: ['licence'] },
    {},
    'no-collector',
    /No collector for the component licence/,
  ],
];
for (const [what, options, facts, reason, message] of refusals) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => plan(options, facts),
      (error) => {
        assert.ok(isBackupError(error));
        const { code, stage } = error;
        assert.deepEqual([code, stage, error.reason], ['INVALID_OPTIONS', 'plan', reason]);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test('a plan without anything to take is refused and explains itself', () => {
  const collectors = defaultCollectors().filter(({ component }) => component === 'os');
  assert.throws(() => BackupPlan.create({ image }, gatewayFacts({ isAppliance: false }), collectors), {
    code: 'NOTHING_TO_BACK_UP',
    stage: 'plan',
    message: /^There is nothing to back up:\n- os /,
  });
});

test('two collectors for one component are refused', () => {
  assert.throws(
    () => BackupPlan.create({ image }, gatewayFacts(), [...defaultCollectors(), ...defaultCollectors()]),
    {
      code: 'INVALID_OPTIONS',
      stage: 'plan',
      reason: 'duplicate-collector',
      message: 'Two collectors for the component maindb were given.',
    },
  );
});

test('the same options and facts give the same plan, in the order of the run', () => {
  assert.deepEqual(plan({ includeAudits: true }), plan({ includeAudits: true }));
  assert.equal(
    plan({})
      .components.map(({ component }) => component)
      .join(' '),
    'maindb audits config os ca ma ext esm',
  );
});

test('a plan prints one line a component', () => {
  const lines = plan({ config: true })
    .withEstimates(new Map([['config', 12]]))
    .toString()
    .split('\n');
  assert.equal(lines.length, 8);
  assert.equal(lines[2], '+ config  Named. About 12 bytes.');
  assert.equal(lines[3], '- os      The backup is custom and does not name it.');
});

test('every line says why', () => {
  const explained = (options: Omit<BackupOptions, 'image'>, component: string) =>
    plan(options).components.find((line) => line.component === component)?.explanation;
  assert.equal(explained({}, 'config'), 'Part of a standard backup.');
  assert.equal(explained({ includeAudits: true }, 'audits'), 'Named.');
  assert.equal(explained({ esm: true }, 'esm'), 'Named.');
  assert.equal(
    explained({ maindb: true, audits: true, includeAudits: true }, 'audits'),
    '-audits overrides -ia; the backup is custom.',
  );
  assert.equal(explained({ maindb: true, audits: true }, 'audits'), 'Named.');
  assert.equal(explained({ maindb: true, audits: true, includeAudits: true }, 'maindb'), 'Named.');
});

test('a named component is looked for among the collectors, the Enterprise Service Manager too', () => {
  const collectors = defaultCollectors().filter(({ component }) => component !== 'esm');
  assert.throws(() => BackupPlan.create({ image, esm: true }, gatewayFacts(), collectors), {
    reason: 'no-collector',
  });
});

test('every rule and every refusal has a name of its own', () => {
  const names = [...planRules, ...planChecks].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.notEqual(name, '');
});
