import type { ComponentName } from '../collectors/component-collector.js';
import type { SecretSource } from '../secrets/secret.js';

/**
 * An FTP server to store the image on: plain FTP, passive, binary.
 *
 * @public
 */
export interface FtpOptions {
  /** `-ftp_host` without its port: a host name or an address; IPv6 with or without brackets. */
  readonly host: string;
  /** The port of `-ftp_host`. Default: 21. */
  readonly port?: number | undefined;
  /** `-ftp_user` */
  readonly user: string;
  /** `-ftp_pass` */
  readonly password: SecretSource;
}

/**
 * What to back up: plain data, one property for each switch of the command line.
 *
 * Without any component property the backup is *standard*: every applicable component. With one it is *custom*: only
 * those.
 *
 * @public
 */
export interface BackupOptions {
  /**
   * `-image`: file name of the image, local, or on the FTP host. The local time `yyyyMMddHHmmss_` is put before the file
   * part. Without a folder: the Gateway's own images folder (FTP: the user's login folder).
   */
  readonly image: string;
  /** `-ia`: audit records in a standard backup. Default: false. */
  readonly includeAudits?: boolean | undefined;
  /** `-it`: also write a mapping template to this file. Default: none. */
  readonly mappingTemplate?: string | undefined;
  /** `-v`: progress lines on the console. The library itself never writes there. Default: false. */
  readonly verbose?: boolean | undefined;
  /** `-halt`: fail the whole backup at the first failure. Default: false. */
  readonly haltOnFirstFailure?: boolean | undefined;
  /** `-ftp_host`, `-ftp_user`, `-ftp_pass`. Default: a local file. */
  readonly ftp?: FtpOptions | undefined;
  /** `-os`: the operating-system files of an appliance. Makes the backup custom. */
  readonly os?: boolean | undefined;
  /** `-config`: the Gateway's configuration files. Makes the backup custom. */
  readonly config?: boolean | undefined;
  /** `-maindb`: the main database without audit records. Makes the backup custom. */
  readonly maindb?: boolean | undefined;
  /** `-audits`: the audit records; needs `maindb`. Makes the backup custom, even with `includeAudits`. */
  readonly audits?: boolean | undefined;
  /** `-ext`: library extensions. Makes the backup custom. */
  readonly ext?: boolean | undefined;
  /** `-ca`: custom assertions and their properties. Makes the backup custom. */
  readonly ca?: boolean | undefined;
  /** `-ma`: modular assertions. Makes the backup custom. */
  readonly ma?: boolean | undefined;
  /** `-esm`: the Enterprise Service Manager, in a standard or a custom backup. Default: false. */
  readonly esm?: boolean | undefined;
  /** Components of collectors that the caller brought. Makes the backup custom. */
  readonly components?: readonly ComponentName[] | undefined;
}
