// Stryker's own runner for commands starts a process for every change, and most of its time is loading modules. Here they
// are loaded once: a test file is imported anew for each change, and so registers its tests anew; what it tests stays, but
// for a change of what runs while loading.
import { register } from 'node:module';
import { resolve } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { commonTokens, declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  determineHitLimitReached,
  DryRunStatus,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';

/** Read by the changed code: which change is active, and for which test its coverage is noted. */
const changed = (globalThis.__stryker__ ??= {});

/** One test for Stryker is one file: each change runs only the files that reach it. */
class FilesOfTests {
  static inject = [commonTokens.options];
  #files;
  #generation = 1;
  #imports = 0;
  #file;
  #failure;
  #mutant;

  constructor({ filesOfTests }) {
    this.#files = filesOfTests;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  init() {
    register('./mutation-generations.mjs', import.meta.url);
    // Set around the tests only: modules that are loaded in between must be as they are.
    beforeEach(() => {
      if (this.#failure !== undefined) throw new Error('an earlier test of the file has failed');
      changed.currentTestId = this.#file;
      changed.activeMutant ??= this.#mutant;
    });
    afterEach(({ name, passed }) => {
      if (!passed) this.#failure ??= name;
      changed.currentTestId = undefined;
      if (this.#mutant !== undefined) changed.activeMutant = undefined;
    });
  }

  async dryRun() {
    const tests = await this.#run(this.#files);
    return { status: DryRunStatus.Complete, tests, mutantCoverage: changed.mutantCoverage };
  }

  async mutantRun({ activeMutant, mutantActivation, reloadEnvironment, testFilter, hitLimit }) {
    // What runs while modules are loaded is changed from the start.
    if (reloadEnvironment) this.#generation++;
    if (mutantActivation === 'static') changed.activeMutant = activeMutant.id;
    else this.#mutant = activeMutant.id;
    changed.hitCount = hitLimit === undefined ? undefined : 0;
    changed.hitLimit = hitLimit;
    const tests = await this.#run(this.#files.filter((file) => testFilter?.includes(file) ?? true));
    changed.activeMutant = this.#mutant = undefined;
    return toMutantRunResult(
      determineHitLimitReached(changed.hitCount, hitLimit) ?? { status: DryRunStatus.Complete, tests },
    );
  }

  /** Runs files up to the first that fails. */
  async #run(files) {
    const tests = [];
    for (const file of files) {
      const started = performance.now();
      this.#file = file;
      this.#failure = undefined;
      try {
        const { href } = pathToFileURL(resolve('build/test', `${file}.test.js`));
        await import(`${href}?${this.#generation}&${++this.#imports}`);
        // Tests run in turn: when this one is through, so are those of the file.
        await test('end of the file', () => undefined);
      } catch (error) {
        this.#failure = String(error);
      }
      const timeSpentMs = performance.now() - started;
      const failureMessage = this.#failure;
      const status = failureMessage === undefined ? TestStatus.Success : TestStatus.Failed;
      tests.push({ id: file, name: file, timeSpentMs, status, failureMessage });
      if (status === TestStatus.Failed) break;
    }
    return tests;
  }
}

export const strykerValidationSchema = { properties: { filesOfTests: { type: 'array' } } };
export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'files-of-tests', FilesOfTests)];
