/** One option of the program itself: double-dashed, so that it never clashes with a switch of the product. */
export interface ProgramOptionRow {
  readonly value: string | null;
  readonly summary: string;
}

/** What `ssgbackup` takes besides the switches. */
export const programOptions = {
  '--plan': {
    value: null,
    summary: 'dry run: print what would be taken, why, and how big it is; change nothing',
  },
  '--verify': { value: 'FILE', summary: 'verify an image instead of making one' },
  '--json': {
    value: null,
    summary: 'print one JSON object a line on standard output, the last one the report',
  },
  '--no-progress': { value: null, summary: 'no progress bar on a terminal' },
  '--level': { value: '0-9', summary: 'compression level' },
  '--root': { value: 'FOLDER', summary: 'where SecureSpan lies; default /opt/SecureSpan' },
  '--host-root': { value: 'FOLDER', summary: 'prefix of all other host paths; default /' },
  '--work-dir': {
    value: 'FOLDER',
    summary: 'where an image for FTP is staged; default the temporary folder',
  },
  '--gateway-version': { value: 'VERSION', summary: "the Gateway's version, when it cannot be found out" },
  '--db-password-file': { value: 'FILE', summary: 'file that holds the password of the main database' },
  '--ftp-password-file': { value: 'FILE', summary: 'file that holds the FTP password' },
  '--passphrase-file': {
    value: 'FILE',
    summary: 'file that holds the master passphrase of encrypted passwords',
  },
  '--completion': { value: 'SHELL', summary: 'print a completion script for bash, zsh or fish' },
  '--man': { value: null, summary: 'print the manual page' },
  '--help': { value: null, summary: 'print this text' },
  '--version': { value: null, summary: 'print the version of this program' },
} as const satisfies Record<`--${string}`, ProgramOptionRow>;

/** An option of the program itself, with its dashes. */
export type ProgramOption = keyof typeof programOptions;

/** Secrets that may come from the environment instead of a file or a switch. */
export const secretVariables = {
  databasePassword: 'GATEWAY_BACKUP_DB_PASSWORD',
  ftpPassword: 'GATEWAY_BACKUP_FTP_PASSWORD',
  passphrase: 'GATEWAY_BACKUP_PASSPHRASE',
} as const;
