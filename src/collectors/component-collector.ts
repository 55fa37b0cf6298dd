import type { DatabaseSession } from '../database/database-session.js';
import type { GatewayFacts } from '../gateway/gateway-facts.js';
import type { ImageEntry } from '../image/image-entry.js';
import type { Log } from '../support/log.js';

/**
 * The components that this package collects itself.
 *
 * @public
 */
export type BuiltInComponent = 'maindb' | 'audits' | 'config' | 'os' | 'ca' | 'ma' | 'ext' | 'esm';

/**
 * A component's name: built in, or of a collector that the caller brings. Lower-case letters, digits and `-`,
 * beginning with a letter; not `version`, which is an entry of every image.
 *
 * @public
 */
export type ComponentName = BuiltInComponent | (string & {});

/**
 * Whether a component can be collected on this gateway.
 *
 * @public
 */
export type Applicability =
  | { readonly applies: true }
  | { readonly applies: false; /** A full sentence for the operator. */ readonly explanation: string };

/**
 * What may be written into `backup.json`.
 *
 * @public
 */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * Which files of a folder are taken.
 *
 * @public
 */
export interface FileTreeOptions {
  /** Descend into sub-folders. Default: true. */
  readonly recursive?: boolean | undefined;
  /** Path prefix of the entries inside the component. Default: none. */
  readonly prefix?: string | undefined;
  /** Called with the path relative to the folder; false leaves the file, or the whole sub-folder, out. */
  readonly include?: ((path: string, kind: 'file' | 'directory') => boolean) | undefined;
}

/**
 * What a collector is given. All members are closures: destructure freely.
 *
 * @public
 */
export interface CollectorContext {
  /** The machine as found. */
  readonly gateway: GatewayFacts;
  /** Aborted when the run is cancelled. Hand it to every inner call. */
  readonly signal: AbortSignal;
  /** Writes to the log of the run, `DEBUG=gateway-backup:collect`. Never hand it a secret. */
  readonly log: Log;
  /** A path below the gateway's root (SECURESPAN). */
  readonly resolve: (...segments: string[]) => string;
  /** A path below the host's root, for example `hostPath('etc', 'my.cnf')`. */
  readonly hostPath: (...segments: string[]) => string;
  /**
   * The regular files of a folder, sorted by path, never following links out of the root. A missing folder is an empty
   * one, with a warning.
   */
  readonly files: (directory: string, options?: FileTreeOptions) => AsyncIterable<ImageEntry>;
  /** One regular file as an entry, or `undefined` if there is none. */
  readonly file: (path: string, entryPath: string) => Promise<ImageEntry | undefined>;
  /** The main database: opened at the first call, one consistent snapshot for the whole run. */
  readonly database: () => Promise<DatabaseSession>;
  /** Compression level of the run, 0 to 9, for content that a collector compresses itself. */
  readonly compressionLevel: number;
  /** Adds a warning to the report, unless it is there already. */
  readonly warn: (message: string) => void;
  /**
   * Adds facts to this component's record in `backup.json`; dropped if the component fails, as it does when they cannot be
   * written as JSON.
   */
  readonly annotate: (facts: Readonly<Record<string, JsonValue>>) => void;
}

/**
 * Reads one component. Implement this to put content of your own into an image.
 *
 * @public
 */
export interface ComponentCollector {
  /** The component that it reads, and the folder of the image that its entries go to. */
  readonly component: ComponentName;
  /** Pure: looks at the facts only. */
  applicability(gateway: GatewayFacts): Applicability;
  /**
   * The component's entries, pulled one at a time. Called at most twice in a run, the second time after a failure
   * whose error says `retryable`. An error thrown, here or by an entry's content, fails the component as a whole.
   */
  collect(context: CollectorContext): AsyncIterable<ImageEntry>;
  /**
   * Uncompressed bytes that `collect` will give, roughly; for the plan and the free-space check. One that throws, or gives
   * no number of bytes, counts as unknown; `collect` says why.
   */
  estimate?(context: CollectorContext): Promise<number>;
}
