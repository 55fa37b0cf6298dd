import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BackupError } from '../errors.js';
import type { CredentialsCharset } from '../service/basic-credentials.js';
import type { ClusterNode } from '../service/cluster/cluster-directory.js';
import type { LoginLimits } from '../service/login-limiter.js';
import { messageOf } from '../support/message-of.js';
import { ConfigSection } from './config-section.js';

/** The configuration of `gateway-backup-service`, as docs/service.md describes it: checked, with absolute paths. */
export interface ServiceConfig {
  readonly gatewayRoot: string | undefined;
  readonly hostRoot: string | undefined;
  readonly workDirectory: string | undefined;
  readonly gatewayVersion: string | undefined;
  readonly listen: {
    readonly host: string | undefined;
    readonly port: number | undefined;
    readonly plainPort: number | undefined;
    readonly maxConnections: number | undefined;
    readonly headersTimeoutMs: number | undefined;
  };
  readonly tls: {
    readonly certificate: string;
    readonly key: string;
    readonly requestClientCertificate: boolean | undefined;
  };
  readonly users: 'gateway' | { readonly file: string };
  readonly cluster: 'gateway' | readonly ClusterNode[];
  readonly audit: 'gateway' | { readonly file: string };
  readonly connectors: 'gateway' | 'any' | readonly number[];
  readonly routing: {
    readonly ca: string | undefined;
    readonly certificateName: string | undefined;
    readonly connectTimeoutMs: number | undefined;
    readonly answerTimeoutMs: number | undefined;
    readonly idleTimeoutMs: number | undefined;
  };
  readonly database: {
    readonly passwordFile: string | undefined;
    readonly passphraseFile: string | undefined;
    readonly localOnly: boolean | undefined;
  };
  readonly loginLimits: LoginLimits;
  readonly trustProxy: boolean | undefined;
  /** The port that clients see, behind a proxy. */
  readonly publicPort: number | undefined;
  readonly credentialsCharset: CredentialsCharset | undefined;
  readonly deliverPartial: boolean | undefined;
  readonly maxConcurrentBackups: number | undefined;
  readonly stalledClientMs: number | undefined;
  readonly shutdownGraceMs: number;
  readonly logFolder: string | undefined;
}

const day = 86_400;

/**
 * Reads and checks a configuration file.
 *
 * @throws BackupError `INVALID_OPTIONS`, `configuration`, whose message names every key that is wrong.
 */
export function readServiceConfig(file: string): ServiceConfig {
  const path = resolve(file);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw invalid(path, [messageOf(error)]);
  }
  const problems: string[] = [];
  const top = new ConfigSection(content, '', dirname(path), problems);
  const config = readSections(top);
  top.finish();
  if (problems.length > 0) throw invalid(path, problems);
  return config;
}

function readSections(top: ConfigSection): ServiceConfig {
  const listen = top.section('listen');
  const tls = top.section('tls');
  const routing = top.section('routing');
  const database = top.section('database');
  const limits = top.section('loginLimits');
  return {
    gatewayRoot: top.path('gatewayRoot'),
    hostRoot: top.path('hostRoot'),
    workDirectory: top.path('workDirectory'),
    gatewayVersion: top.text('gatewayVersion'),
    listen: {
      host: listen.text('host'),
      port: listen.integer('port', 0, 65_535),
      plainPort: listen.integer('plainPort', 0, 65_535),
      maxConnections: listen.integer('maxConnections', 1, 100_000),
      headersTimeoutMs: seconds(listen, 'headersTimeoutSeconds', 300),
    },
    tls: {
      certificate: tls.requiredPath('certificate'),
      key: tls.requiredPath('key'),
      requestClientCertificate: tls.flag('requestClientCertificate'),
    },
    users: gatewayOrFile(top, 'users'),
    cluster: top.is('cluster', 'gateway') || !top.has('cluster') ? 'gateway' : readNodes(top),
    audit: gatewayOrFile(top, 'audit'),
    connectors: readConnectors(top),
    routing: {
      ca: routing.path('ca'),
      certificateName: routing.text('certificateName'),
      connectTimeoutMs: seconds(routing, 'connectTimeoutSeconds', 300),
      answerTimeoutMs: seconds(routing, 'answerTimeoutSeconds', 7 * day),
      idleTimeoutMs: seconds(routing, 'idleTimeoutSeconds', day),
    },
    database: {
      passwordFile: database.path('passwordFile'),
      passphraseFile: database.path('passphraseFile'),
      localOnly: database.flag('localOnly'),
    },
    loginLimits: {
      failuresPerAddress: limits.integer('failuresPerAddress', 1, 1000),
      failuresPerUser: limits.integer('failuresPerUser', 1, 100_000),
      windowSeconds: limits.integer('windowSeconds', 1, day),
    },
    trustProxy: top.flag('trustProxy'),
    publicPort: top.integer('publicPort', 1, 65_535),
    credentialsCharset: top.choice('credentialsCharset', ['iso-8859-1', 'utf-8']),
    deliverPartial: top.flag('deliverPartial'),
    maxConcurrentBackups: top.integer('maxConcurrentBackups', 1, 16),
    stalledClientMs: seconds(top, 'stalledClientSeconds', day),
    shutdownGraceMs: seconds(top, 'shutdownGraceSeconds', day) ?? 30_000,
    logFolder: top.path('logFolder'),
  };
}

function gatewayOrFile(top: ConfigSection, key: string): 'gateway' | { readonly file: string } {
  if (!top.has(key) || top.is(key, 'gateway')) return 'gateway';
  return { file: top.section(key).requiredPath('file') };
}

function readNodes(top: ConfigSection): readonly ClusterNode[] {
  const nodes = top.sections('cluster').map((node) => ({
    name: node.requiredText('name'),
    address: node.text('address') ?? '',
    local: node.flag('local') ?? false,
    port: node.integer('port', 1, 65_535),
    certificateName: node.text('certificateName'),
    hostsDatabase: node.flag('hostsDatabase'),
  }));
  if (nodes.filter(({ local }) => local).length !== 1)
    top.note('cluster', 'needs exactly one node with "local": true');
  if (nodes.some(({ local, address }) => !local && address === '')) {
    top.note('cluster', 'needs an "address" for every node that is not local');
  }
  if (new Set(nodes.map(({ name }) => name)).size !== nodes.length) top.note('cluster', 'names a node twice');
  return nodes;
}

function readConnectors(top: ConfigSection): 'gateway' | 'any' | readonly number[] {
  if (top.isList('connectors')) return top.integers('connectors', 1, 65_535);
  if (top.is('connectors', 'any')) return 'any';
  if (top.has('connectors') && !top.is('connectors', 'gateway')) {
    top.note('connectors', 'must be "gateway", "any" or a list of ports');
  }
  return 'gateway';
}

function seconds(section: ConfigSection, key: string, most: number): number | undefined {
  const value = section.integer(key, 1, most);
  return value === undefined ? undefined : value * 1000;
}

function invalid(path: string, problems: readonly string[]): BackupError {
  const list =
    problems.length === 1 ? ` ${problems[0] ?? ''}` : problems.map((problem) => `\n  ${problem}`).join('');
  return new BackupError('INVALID_OPTIONS', `The configuration ${path} is not usable:${list}`, {
    stage: 'options',
    reason: 'configuration',
    hint: 'docs/service.md describes every key.',
  });
}
