import type { CollectorContext } from './component-collector.js';

/**
 * What could not be taken as it was listed. Each note is a warning in the report and a line in the component's record.
 *
 * @internal
 */
export class SourceNotes {
  readonly #warn: CollectorContext['warn'];
  readonly #annotate: CollectorContext['annotate'];
  readonly #skipped: { readonly path: string; readonly reason: string }[] = [];
  readonly #vanished: string[] = [];
  readonly #changed: string[] = [];

  constructor({ warn, annotate }: Pick<CollectorContext, 'warn' | 'annotate'>) {
    this.#warn = warn;
    this.#annotate = annotate;
  }

  /** There is something under this name that is not taken. */
  skipped(path: string, reason: string): void {
    this.#skipped.push({ path, reason });
    this.#annotate({ skippedFiles: [...this.#skipped] });
    this.#warn(`${path} was left out: ${reason}.`);
  }

  /** It was listed, and gone when its turn came. */
  vanished(path: string): void {
    this.#vanished.push(path);
    this.#annotate({ vanishedFiles: [...this.#vanished] });
    this.#warn(`${path} was left out: it vanished while the backup ran.`);
  }

  /** It is in the image, but maybe as a mixture of two states. */
  changed(path: string): void {
    this.#changed.push(path);
    this.#annotate({ changedFiles: [...this.#changed] });
    this.#warn(`${path} changed while it was read: it may be a mixture of two states in the image.`);
  }

  /** A folder that is not there counts as an empty one. */
  missingFolder(path: string): void {
    this.#warn(`The folder ${path} does not exist: it is taken as empty.`);
  }
}
