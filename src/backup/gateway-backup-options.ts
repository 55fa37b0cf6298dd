import type { ComponentCollector } from '../collectors/component-collector.js';
import type { DatabaseConnectionOptions } from '../database/database-connection-options.js';
import type { BackupEvent } from '../events.js';
import type { SecretSource } from '../secrets/secret.js';
import type { ImageSink } from '../sinks/image-sink.js';
import type { AbortableOptions } from '../support/abort.js';

/**
 * The gateway to back up and how; live objects, never data.
 *
 * @public
 */
export interface GatewayBackupOptions {
  /** SECURESPAN. Default: `/opt/SecureSpan`. */
  readonly gatewayRoot?: string | undefined;
  /** Prefix of every host path that is not below SECURESPAN. Default: `/`. */
  readonly hostRoot?: string | undefined;
  /** Folder that relative paths start from, resolved once. Default: the working directory. */
  readonly currentDirectory?: string | undefined;
  /** Where an image is staged whose sink names no folder of its own. Default: the folder for temporary files. */
  readonly workDirectory?: string | undefined;
  /** What reads the components, in run order. Default: `defaultCollectors()`. */
  readonly collectors?: readonly ComponentCollector[] | undefined;
  /** The Gateway's version, when its files cannot tell. Default: found out. */
  readonly gatewayVersion?: string | undefined;
  /** Password of the main database. Default: the one in node.properties. */
  readonly databasePassword?: SecretSource | undefined;
  /** Master passphrase of an encrypted password in node.properties. Default: none. */
  readonly passphrase?: SecretSource | undefined;
  /** Back up the database only when it runs on this machine. Default: true. */
  readonly localDatabaseOnly?: boolean | undefined;
  /** How the main database is connected to. */
  readonly database?: DatabaseConnectionOptions | undefined;
  /** Compression level, 0 to 9. Default: 3. */
  readonly compressionLevel?: number | undefined;
  /**
   * How the finished image is verified before it is stored: `read-back` reads every byte again from the disk and compares
   * it with what was written; `full` also unpacks every entry. Default: `read-back`.
   */
  readonly verification?: 'read-back' | 'full' | undefined;
  /** Compare what the components need with the free space before any work. Default: true. */
  readonly checkFreeSpace?: boolean | undefined;
  /**
   * The rpm program that is asked for the Gateway's version, and by the default collectors for the owners of files. If you
   * give `collectors`, give it to `defaultCollectors({ ext: { rpmProgram } })`, too. Default: `rpm`.
   */
  readonly rpmProgram?: string | undefined;
  /** Limit for its answers, those about the version and those about files each, in milliseconds. Default: 30,000. */
  readonly rpmTimeoutMs?: number | undefined;
}

/**
 * One run.
 *
 * @public
 */
export interface BackupRunOptions extends AbortableOptions {
  /**
   * Where the image goes; of the option `image` only the file's name counts then, and the option `ftp` is refused. Default:
   * a local file, or the FTP server of the options.
   */
  readonly sink?: ImageSink | undefined;
  /** Called for every event, in order. One that throws is logged and ignored. */
  readonly onEvent?: ((event: BackupEvent) => void) | undefined;
}
