/**
 * What kind of fault an image has.
 *
 * `unreadable`: the file cannot be opened or read. `structure`: the zip's directory or end is wrong. `header`: an entry's
 * two headers disagree, or are not as they should be. `gap`: bytes that belong to no entry. `name`: an unsafe name.
 * `duplicate`: a name twice. `kind`: not a regular file, encrypted, or stored in a way that restore cannot read.
 * `content`: damaged data. `crc`, `size`, `sha256`: not the content that was written. `missing`, `unlisted`: entries that
 * `backup.json` lists and the image lacks, or the other way round. `metadata`: mode or time differ from `backup.json`.
 * `manifest`, `version`, `record`: that entry of the image itself is missing or wrong. `components`: outcomes and entries
 * contradict each other. `gzip`, `sql`: broken inside.
 *
 * @public
 */
export type ImageFaultCode =
  | 'unreadable'
  | 'structure'
  | 'header'
  | 'gap'
  | 'name'
  | 'duplicate'
  | 'kind'
  | 'content'
  | 'crc'
  | 'size'
  | 'sha256'
  | 'missing'
  | 'unlisted'
  | 'metadata'
  | 'manifest'
  | 'version'
  | 'record'
  | 'components'
  | 'gzip'
  | 'sql';

/**
 * One thing that is wrong with an image.
 *
 * @public
 */
export interface ImageFault {
  /** What kind of fault, to branch on. */
  readonly code: ImageFaultCode;
  /** The entry concerned, when it is about one. */
  readonly entry?: string | undefined;
  /** A sentence for people, safe to print. */
  readonly message: string;
}

const MAX_FAULTS = 200;

/** Gathers faults; a forged image may not fill the memory with them. */
export class ImageFaults {
  readonly #faults: ImageFault[] = [];
  #left = 0;

  get none(): boolean {
    return this.#faults.length === 0;
  }

  add(code: ImageFaultCode, message: string, entry?: string): void {
    if (this.#faults.length < MAX_FAULTS) {
      this.#faults.push({ code, message, entry: entry === undefined ? undefined : printable(entry) });
    } else {
      this.#left++;
    }
  }

  list(): readonly ImageFault[] {
    if (this.#left === 0) return this.#faults;
    return [...this.#faults, { code: 'structure', message: `${this.#left} more faults are not listed` }];
  }
}

/** Text from an image may hold anything; a terminal or a log shall show it, not obey it. */
export function printable(text: string): string {
  const shown = text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return shown.length > 300 ? `${shown.slice(0, 300)}…` : shown;
}
