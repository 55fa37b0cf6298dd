import type { BackupOptions, FtpOptions } from './backup-options.js';

/**
 * Every option that a switch of the command line stands for. `ftp.port` comes with `ftp.host`; `components` names
 * collectors that only a program can bring, so there is no switch for it.
 */
export type SwitchOption =
  Exclude<keyof BackupOptions, 'ftp' | 'components'> | `ftp.${Exclude<keyof FtpOptions, 'port'>}`;

/** One row of the switch table. */
export interface SwitchRow {
  readonly switch: `-${string}`;
  /** What stands after the switch, as printed in the usage text; `null` when it takes no value. */
  readonly value: string | null;
  /** Whether naming it makes the backup custom. */
  readonly custom: boolean;
  readonly summary: string;
}

/**
 * The switch table: usage text, completion, man page and the parser come from here, and so do the messages of the
 * option checks. An option without a row does not compile.
 */
export const switchTable = {
  image: {
    switch: '-image',
    value: 'FILE',
    custom: false,
    summary: 'image file to make, local or on the FTP host (required)',
  },
  includeAudits: {
    switch: '-ia',
    value: null,
    custom: false,
    summary: 'include audit records in a standard backup',
  },
  mappingTemplate: {
    switch: '-it',
    value: 'FILE',
    custom: false,
    summary: 'also write a mapping template to this file',
  },
  verbose: { switch: '-v', value: null, custom: false, summary: 'print progress lines' },
  haltOnFirstFailure: {
    switch: '-halt',
    value: null,
    custom: false,
    summary: 'fail the whole backup at the first failure',
  },
  'ftp.host': {
    switch: '-ftp_host',
    value: 'HOST[:PORT]',
    custom: false,
    summary: 'store the image on this FTP host (plain FTP)',
  },
  'ftp.user': { switch: '-ftp_user', value: 'USER', custom: false, summary: 'FTP user' },
  'ftp.password': {
    switch: '-ftp_pass',
    value: 'PASSWORD',
    custom: false,
    summary: 'FTP password; rather use --ftp-password-file or GATEWAY_BACKUP_FTP_PASSWORD',
  },
  os: { switch: '-os', value: null, custom: true, summary: 'operating-system files (appliance only)' },
  config: { switch: '-config', value: null, custom: true, summary: 'Gateway configuration' },
  maindb: { switch: '-maindb', value: null, custom: true, summary: 'main database, without audit records' },
  audits: {
    switch: '-audits',
    value: null,
    custom: true,
    summary: 'audit records; needs -maindb, overrides -ia',
  },
  ext: { switch: '-ext', value: null, custom: true, summary: 'library extensions' },
  ca: { switch: '-ca', value: null, custom: true, summary: 'custom assertions and their properties' },
  ma: { switch: '-ma', value: null, custom: true, summary: 'modular assertions' },
  esm: {
    switch: '-esm',
    value: null,
    custom: false,
    summary: 'Enterprise Service Manager, in a standard or a custom backup; it must not be running',
  },
} as const satisfies Record<SwitchOption, SwitchRow>;

/** `-p` of the product's own utility: accepted with or without a value, and ignored with a note. */
export const ignoredSwitch = '-p';

/** An option as messages name it: by its property and by its switch. */
export function describeOption(option: SwitchOption): string {
  return `${switchTable[option].switch} (option ${option})`;
}
