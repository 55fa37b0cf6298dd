// Changes rules, literals and log-in checks one by one, in what is shipped, and looks whether a test notices. One part at a
// time, MUTATE=rules|literals|logins, so that each change runs only the tests that are about it, the quick
// ones first.
const parts = {
  rules: {
    mutate: ['dist/options/*.js', 'dist/plan/*.js'],
    // The table of switches is held by the tests of what is made from it.
    tests: [
      'docs/switch-table',
      'options/ftp-host',
      'options/resolve-options',
      'plan/backup-plan',
      'cli/usage',
      'cli/parse-arguments',
    ],
  },
  literals: {
    mutate: ['dist/database/sql-literal.js'],
    tests: ['database/sql-literal'],
  },
  logins: {
    mutate: [
      'dist/secrets/*.js',
      'dist/service/basic-credentials.js',
      'dist/service/login-limiter.js',
      'dist/service/request-target.js',
      'dist/service/passwords/sha512-crypt.js',
    ],
    tests: [
      'service/request-target',
      'service/basic-credentials',
      'service/sha512-crypt',
      'secrets/secret',
      'secrets/gateway-password',
      'service/login-limiter',
    ],
  },
};
const name = process.env.MUTATE ?? 'rules';
const { mutate, tests } = parts[name];

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate,
  plugins: ['@stryker-mutator/*', './test/mutation-plugin.mjs', './test/mutation-runner.mjs'],
  ignorers: ['choices-of-speed'],
  testRunner: 'files-of-tests',
  filesOfTests: tests,
  coverageAnalysis: 'perTest',
  disableTypeChecks: false,
  ignorePatterns: [
    '/bench',
    '/site',
    '/coverage',
    '/build/unpacked',
    '/build/api',
    '/src',
    '*.map',
    '*.d.ts',
  ],
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: `reports/mutation-${name}.json` },
  clearTextReporter: { allowColor: false, logTests: false },
  concurrency: 2,
  timeoutMS: 20_000,
  thresholds: { high: 95, low: 90, break: 85 },
};
