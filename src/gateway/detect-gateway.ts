import { readFile, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isLocalAddress } from '../database/locality.js';
import { BackupError } from '../errors.js';
import { throwIfCancelled, type AbortableOptions } from '../support/abort.js';
import { errnoOf } from '../support/errno.js';
import { detectEsm, isDirectory } from './esm-state.js';
import type { DatabaseFacts, GatewayFacts } from './gateway-facts.js';
import { gatewayLayout, type GatewayLayout } from './gateway-layout.js';
import { detectGatewayVersion, isPlausibleVersion } from './gateway-version.js';
import { parseJavaProperties } from './java-properties.js';
import { mainDatabase, type MainDatabaseProperties } from './node-properties.js';

/** Where to look for a gateway, and what is known of it beforehand. */
export interface DetectGatewayOptions extends AbortableOptions {
  readonly gatewayRoot: string;
  readonly hostRoot: string;
  readonly gatewayVersion: string | undefined;
  readonly localDatabaseOnly: boolean;
  readonly rpmProgram: string;
  readonly rpmTimeoutMs: number;
}

/** A gateway as found, and what only the code that connects may see. */
export interface DetectedGateway {
  readonly facts: GatewayFacts;
  readonly layout: GatewayLayout;
  /** The password as node.properties has it; never part of the facts, which are printed. */
  readonly databasePassword: string | undefined;
}

/**
 * Reads the machine; changes nothing.
 *
 * @throws BackupError `GATEWAY_NOT_CONFIGURED`, or `INVALID_OPTIONS` for a version that is none.
 */
export async function detectGateway(options: DetectGatewayOptions): Promise<DetectedGateway> {
  const { gatewayRoot, hostRoot } = options;
  throwIfCancelled(options.signal, 'plan');
  const layout = gatewayLayout(gatewayRoot, hostRoot);
  if (options.gatewayVersion !== undefined && !isPlausibleVersion(options.gatewayVersion)) {
    throw new BackupError(
      'INVALID_OPTIONS',
      `--gateway-version (option gatewayVersion): ${JSON.stringify(options.gatewayVersion)} is not a version; ` +
        'give one like 9.4.00.',
      { stage: 'options', reason: 'wrong-value' },
    );
  }
  const { properties, database } = await readNodeProperties(layout.nodeProperties);
  const warnings: string[] = [];
  const facts: GatewayFacts = {
    gatewayRoot,
    hostRoot,
    node: properties.get('node.id')?.trim() || hostname(),
    version: options.gatewayVersion ?? (await detectGatewayVersion(layout, options)),
    isAppliance: await isDirectory(layout.appliance),
    hasOsManifest: await isFile(layout.osManifest),
    database: await locate(database, options.localDatabaseOnly, warnings),
    esm: await detectEsm(layout),
    warnings,
  };
  throwIfCancelled(options.signal, 'plan');
  return { facts, layout, databasePassword: database.password };
}

async function readNodeProperties(
  file: string,
): Promise<{ properties: Map<string, string>; database: MainDatabaseProperties }> {
  let properties: Map<string, string>;
  let database: MainDatabaseProperties | undefined;
  try {
    properties = parseJavaProperties(await readFile(file));
    database = mainDatabase(properties);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw notConfigured(`there is no ${file}`, 'node-properties-missing', error);
    }
    const what =
      code === undefined ? `is not valid: ${(error as Error).message}` : `cannot be read (${code})`;
    throw notConfigured(`${file} ${what}`, 'node-properties-unreadable', error);
  }
  if (database === undefined) {
    throw notConfigured(`${file} names no main database (host, name and user)`, 'no-main-database');
  }
  return { properties, database };
}

function notConfigured(detail: string, reason: string, cause?: unknown): BackupError {
  return new BackupError(
    'GATEWAY_NOT_CONFIGURED',
    `This Gateway must be correctly configured before it can be backed up: ${detail}. ` +
      'Configure the node first, or name its folder with --root (option gatewayRoot). ' +
      'Container Gateways are not backed up this way.',
    { stage: 'plan', reason, cause },
  );
}

async function locate(
  { host, port, name, user }: MainDatabaseProperties,
  localOnly: boolean,
  warnings: string[],
): Promise<DatabaseFacts> {
  const { local, address, explanation, warning } = await isLocalAddress(host);
  if (warning !== undefined) warnings.push(warning);
  if (local || localOnly) {
    return { host, port, name, user, local, address, localityExplanation: explanation };
  }
  return {
    ...{ host, port, name, user, local: true, address },
    localityExplanation: `${explanation} It is taken all the same, because localDatabaseOnly is false.`,
  };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
