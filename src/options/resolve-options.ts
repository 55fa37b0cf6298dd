import type { ComponentName } from '../collectors/component-collector.js';
import type { SecretSource } from '../secrets/secret.js';
import type { BackupOptions, FtpOptions } from './backup-options.js';
import { parseFtpHost } from './ftp-host.js';
import {
  anything,
  checkOptions,
  invalidOption as invalid,
  isComponentName,
  optionKinds,
} from './option-checks.js';
import { describeOption, switchTable, type SwitchOption } from './switches.js';

/** Checked, complete and frozen options. */
export interface ResolvedOptions {
  readonly image: string;
  readonly includeAudits: boolean;
  readonly mappingTemplate: string | undefined;
  readonly verbose: boolean;
  readonly haltOnFirstFailure: boolean;
  readonly ftp: (FtpOptions & { readonly port: number; readonly password: SecretSource }) | undefined;
  /** A component was named, so only the named ones are taken. */
  readonly kind: 'standard' | 'custom';
  /** Components that were named, those of brought collectors included; never `esm`. */
  readonly selected: ReadonlySet<ComponentName>;
  readonly esm: boolean;
}

const flags = [
  'includeAudits',
  'verbose',
  'haltOnFirstFailure',
  'os',
  'config',
  'maindb',
  'audits',
  'ext',
  'ca',
  'ma',
  'esm',
] as const satisfies readonly SwitchOption[];

const customComponents = flags.filter((flag) => switchTable[flag].custom);

const known = new Set<string>(['image', 'mappingTemplate', 'ftp', 'components', ...flags]);

/**
 * Copies, defaults, checks and freezes the options, once, at the door.
 *
 * @throws BackupError `INVALID_OPTIONS`, naming the option and the switch.
 */
export function resolveOptions(options: BackupOptions): ResolvedOptions {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw invalid('The options must be an object.', 'wrong-type');
  }
  for (const key of Object.keys(options)) {
    if (!known.has(key)) {
      throw invalid(`Unknown option ${key}. Known are: ${[...known].join(', ')}.`, 'unknown-option');
    }
  }
  for (const flag of flags) {
    const value: unknown = options[flag];
    if (value !== undefined && typeof value !== 'boolean') {
      throw invalid(`${describeOption(flag)} must be true or false.`, 'wrong-type');
    }
  }
  const image = text(options.image, 'image');
  if (image === undefined)
    throw invalid(`The image file is missing: give ${describeOption('image')}.`, 'missing');
  const selected = new Set<ComponentName>(customComponents.filter((flag) => options[flag] === true));
  const { components = [] } = options;
  if (!Array.isArray(components)) throw invalid('Option components must be an array.', 'wrong-type');
  for (const component of components as readonly unknown[]) {
    if (!isComponentName(component)) {
      throw invalid(
        `Option components: ${JSON.stringify(component)} is not a component's name.`,
        'wrong-value',
      );
    }
    selected.add(component);
  }
  // The enterprise service manager rides along in either kind, so naming it does not make a backup custom.
  const esm = options.esm === true || selected.delete('esm');
  return Object.freeze({
    image,
    includeAudits: options.includeAudits ?? false,
    mappingTemplate: text(options.mappingTemplate, 'mappingTemplate'),
    verbose: options.verbose ?? false,
    haltOnFirstFailure: options.haltOnFirstFailure ?? false,
    ftp: resolveFtp(options.ftp),
    kind: selected.size > 0 ? 'custom' : 'standard',
    selected,
    esm,
  });
}

function resolveFtp(ftp: Partial<FtpOptions> | undefined): ResolvedOptions['ftp'] {
  if (ftp === undefined) return undefined;
  checkOptions(ftp, ftpOptions, { within: 'ftp.' });
  const host = text(ftp.host, 'ftp.host');
  const user = text(ftp.user, 'ftp.user');
  const { password } = ftp;
  const given = { 'ftp.host': host, 'ftp.user': user, 'ftp.password': password };
  const missing = (['ftp.host', 'ftp.user', 'ftp.password'] as const).filter(
    (name) => given[name] === undefined,
  );
  if (missing.length === 3) return undefined;
  if (host === undefined || user === undefined || password === undefined) {
    throw invalid(
      `The FTP switches go together, all three or none: ${missing.map(describeOption).join(' and ')} ` +
        `${missing.length === 1 ? 'is' : 'are'} missing.`,
      'missing',
    );
  }
  const address = parseFtpHost(host);
  const port = ftp.port ?? address.port ?? 21;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw invalid(`${describeOption('ftp.host')}: ${port} is not a port; a port is 1 to 65535.`, 'bad-port');
  }
  return Object.freeze({ host: address.host, port, user, password });
}

// What the texts hold is said in the words of the switches.
const ftpOptions = {
  host: anything(),
  port: anything(),
  user: anything(),
  password: optionKinds.secret,
} satisfies Record<keyof FtpOptions, unknown>;

function text(value: unknown, option: SwitchOption): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalid(`${describeOption(option)} must be a text.`, 'wrong-type');
  if (value === '') throw invalid(`${describeOption(option)} is empty.`, 'missing');
  if (value.includes('\0'))
    throw invalid(`${describeOption(option)} contains a NUL character.`, 'wrong-value');
  return value;
}
