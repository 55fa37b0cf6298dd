import { resolve } from 'node:path';
import { isObject } from '../support/is-object.js';

/**
 * One object of a configuration file. Every value is asked for by its key; what is wrong is noted, with the whole key, and
 * reading goes on, so that all problems are told at once.
 */
export class ConfigSection {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #name: string;
  readonly #folder: string;
  readonly #problems: string[];
  readonly #asked = new Set<string>();
  readonly #sections: ConfigSection[] = [];

  /** Relative paths start from `folder`. */
  constructor(value: unknown, name: string, folder: string, problems: string[]) {
    this.#name = name;
    this.#folder = folder;
    this.#problems = problems;
    if (!isObject(value)) this.note('', 'must be an object, { … }');
    this.#values = isObject(value) ? value : {};
  }

  has(key: string): boolean {
    return this.#value(key) !== undefined;
  }

  text(key: string): string | undefined {
    const value = this.#value(key);
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    this.note(key, 'must be a text in double quotes, not empty');
    return undefined;
  }

  requiredText(key: string): string {
    if (!this.has(key)) this.note(key, 'is missing');
    return this.text(key) ?? '';
  }

  /** An absolute path. */
  path(key: string): string | undefined {
    const value = this.text(key);
    return value === undefined ? undefined : resolve(this.#folder, value);
  }

  requiredPath(key: string): string {
    return resolve(this.#folder, this.requiredText(key));
  }

  integer(key: string, least: number, most: number): number | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (isWithin(value, least, most)) return value;
    this.note(key, `must be a whole number from ${least} to ${most}`);
    return undefined;
  }

  integers(key: string, least: number, most: number): readonly number[] {
    const list = this.#value(key);
    if (Array.isArray(list) && list.every((value) => isWithin(value, least, most))) return list;
    this.note(key, `must be a list of whole numbers from ${least} to ${most}`);
    return [];
  }

  flag(key: string): boolean | undefined {
    const value = this.#value(key);
    if (value === undefined || typeof value === 'boolean') return value;
    this.note(key, 'must be true or false');
    return undefined;
  }

  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.#value(key);
    const found = choices.find((choice) => choice === value);
    if (value === undefined || found !== undefined) return found;
    this.note(key, `must be ${choices.map((choice) => JSON.stringify(choice)).join(' or ')}`);
    return undefined;
  }

  /** Whether the value is this very text, for example `"gateway"`; no problem if it is something else. */
  is(key: string, text: string): boolean {
    return this.#value(key) === text;
  }

  isList(key: string): boolean {
    return Array.isArray(this.#value(key));
  }

  section(key: string): ConfigSection {
    return this.#open(this.#value(key) ?? {}, this.#key(key));
  }

  sections(key: string): readonly ConfigSection[] {
    const list = this.#value(key);
    if (Array.isArray(list) && list.length > 0) {
      return list.map((value: unknown, index) => this.#open(value, `${this.#key(key)}[${index}]`));
    }
    this.note(key, 'must be a list, [ … ], that is not empty');
    return [];
  }

  /** Notes a problem with a key. */
  note(key: string, problem: string): void {
    const line = `${this.#key(key) || 'the configuration'} ${problem}`;
    if (!this.#problems.includes(line)) this.#problems.push(line);
  }

  /** Notes every key that nobody has asked for: a misspelt one must not pass in silence. */
  finish(): void {
    for (const section of this.#sections) section.finish();
    for (const key of Object.keys(this.#values)) {
      if (!this.#asked.has(key))
        this.note(key, `is not known; known are ${[...this.#asked].sort().join(', ')}`);
    }
  }

  #open(value: unknown, name: string): ConfigSection {
    const section = new ConfigSection(value, name, this.#folder, this.#problems);
    this.#sections.push(section);
    return section;
  }

  #value(key: string): unknown {
    this.#asked.add(key);
    return Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
  }

  #key(key: string): string {
    return [this.#name, key].filter((part) => part !== '').join('.');
  }
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
