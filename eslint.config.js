import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'build/', 'coverage/', 'site/', 'node_modules/', '.stryker-tmp/', 'reports/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './test/tsconfig.json', './test/typings/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      // `string & {}` is how a union keeps its completion and stays open.
      '@typescript-eslint/no-empty-object-type': ['error', { allowObjectTypes: 'always' }],
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A lock is held by being declared; what a test takes apart it need not use.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_', ignoreUsingDeclarations: true },
      ],
    },
  },
  {
    // node:test returns promises of its own that it awaits itself.
    files: ['test/**/*.ts', 'examples/ci-integration-test.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' },
  },
  {
    // Half of it is wrong on purpose.
    files: ['test/typings/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-call': 'off' },
  },
);
