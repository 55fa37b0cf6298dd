import type { IncomingMessage, ServerResponse } from 'node:http';
import * as checks from './access-checks.js';
import { renderBackupPage } from './backup-page.js';
import { backupPageStyle } from './backup-page-style.js';
import type { ClusterNode } from './cluster/cluster-directory.js';
import { BackupSlots } from './backup-slots.js';
import { busy, deliverLocalImage } from './deliver-local.js';
import { deliverRemoteImage } from './deliver-remote.js';
import { LoginLimiter } from './login-limiter.js';
import { outcomes } from './outcome.js';
import { parseRequestTarget, type RequestTarget } from './request-target.js';
import { securityHeaders } from './security-headers.js';
import { describe, lookupFailure, ServiceExchange, type Refusal } from './service-exchange.js';
import {
  resolveServiceOptions,
  type BackupServiceOptions,
  type ResolvedServiceOptions,
} from './service-options.js';

/**
 * Answers one request. Never rejects.
 *
 * @public
 */
export type BackupService = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * The Backup Service as one handler, which can be mounted in `node:https`, express, fastify, koa, hono and the like. The host
 * that embeds it owns the port, TLS and the limits of the connection; `listenBackupService` does all three.
 *
 * Throws `INVALID_OPTIONS` when an option is not usable.
 *
 * @example
 * ```ts
 * const service = createBackupService({
 *   backup: new GatewayBackup(),
 *   users: new FileUserDirectory('users.json'),
 *   cluster: new StaticClusterDirectory([{ name: 'Gateway1', address: '', local: true }]),
 *   audit: new JsonLinesAuditLog('audit.jsonl'),
 * });
 * ```
 *
 * @public
 */
export function createBackupService(options: BackupServiceOptions): BackupService {
  return new Service(resolveServiceOptions(options)).handle;
}

const headers = securityHeaders(backupPageStyle);

/** What comes next for a request that passed the checks so far. */
type Step = Refusal | undefined;

class Service {
  readonly #options: ResolvedServiceOptions;
  readonly #limiter: LoginLimiter;
  readonly #slots: BackupSlots;

  constructor(options: ResolvedServiceOptions) {
    this.#options = options;
    this.#limiter = new LoginLimiter(options.loginLimits);
    this.#slots = new BackupSlots(options.maxConcurrentBackups);
  }

  readonly handle: BackupService = async (request, response) => {
    // Somebody has to listen: a response's error must never end the process.
    response.on('error', () => undefined);
    const exchange = new ServiceExchange(request, response, this.#options, headers);
    try {
      exchange.begin();
      const refusal = await this.#answer(exchange);
      if (refusal !== undefined) await exchange.refuse(refusal);
    } catch (error) {
      this.#options.log('error', `A request failed by a defect: ${describe(error)}`);
      await exchange
        .refuse({ outcome: outcomes.defect, explanation: `A defect: ${describe(error)}` })
        .catch(() => response.destroy());
    } finally {
      exchange.end();
    }
  };

  /**
   * 1. what is asked for: path, method, parameters
   * 2. TLS, and no other site's page
   * 3. credentials, client certificate, port, role
   * 4. the cluster's nodes; without a `node` the page
   * 5. the node; this one's image, or another one's
   */
  async #answer(exchange: ServiceExchange): Promise<Step> {
    const { request } = exchange;
    // Express and its kin strip the path at which a handler is mounted from `url`, and keep the whole in `originalUrl`.
    const { originalUrl } = request as { originalUrl?: unknown };
    const rawTarget = typeof originalUrl === 'string' ? originalUrl : (request.url ?? '');
    const target = parseRequestTarget(rawTarget, this.#options.path);
    const misdirected = checkShape(target, request.method);
    if (misdirected !== undefined) return misdirected;
    await checks.identifyClient(exchange);
    if (target.kind === 'backup') exchange.node = target.node;
    return (await this.#checkAccess(exchange, target)) ?? this.#serve(exchange, target);
  }

  async #checkAccess(exchange: ServiceExchange, target: RequestTarget): Promise<Step> {
    const refused =
      checks.checkTransport(exchange) ??
      checks.checkSite(exchange, target) ??
      (await checks.checkCredentials(exchange, this.#limiter));
    const { user } = exchange;
    if (refused !== undefined || user === undefined) return refused;
    return (
      (await checks.checkCertificate(exchange, user)) ??
      (await checks.checkPort(exchange)) ??
      (await checks.checkRole(exchange, user))
    );
  }

  async #serve(exchange: ServiceExchange, target: RequestTarget): Promise<Step> {
    let nodes: readonly ClusterNode[];
    try {
      nodes = await this.#options.cluster.nodes(exchange);
    } catch (error) {
      return lookupFailure(outcomes.noClusterList, 'The list of nodes could not be read', error);
    }
    if (target.kind === 'page') {
      this.#showPage(exchange, nodes);
      return undefined;
    }
    const asked = target.kind === 'backup' ? target : undefined;
    const node = nodes.find(({ name }) => name === asked?.node);
    if (asked === undefined || node === undefined) {
      const why = target.kind === 'malformed' ? `: ${target.explanation}` : '';
      return { outcome: outcomes.noSuchNode, explanation: `No node of the cluster is meant${why}.` };
    }
    if (node.local) return this.#deliverOneAtATime(exchange, node.name, asked.includeAudits);
    return deliverRemoteImage(exchange, node, asked.includeAudits);
  }

  #showPage(exchange: ServiceExchange, nodes: readonly ClusterNode[]): void {
    const page = renderBackupPage({ path: this.#options.path, nodes, login: exchange.login ?? '' });
    if (!exchange.response.destroyed) exchange.send(200, page, { contentType: 'text/html; charset=utf-8' });
  }

  async #deliverOneAtATime(exchange: ServiceExchange, node: string, includeAudits: boolean): Promise<Step> {
    if (!(await this.#slots.take(exchange.response))) return busy(node, this.#options.retryAfterSeconds);
    try {
      return await deliverLocalImage(exchange, node, includeAudits);
    } finally {
      this.#slots.release(exchange.response);
    }
  }
}

function checkShape(target: RequestTarget, method: string | undefined): Step {
  if (target.kind === 'too-long') {
    return { outcome: outcomes.targetTooLong, explanation: 'The URL is longer than 2048 characters.' };
  }
  if (target.kind === 'elsewhere') {
    return { outcome: outcomes.notFound, explanation: 'The path is not that of the service.' };
  }
  if (method !== 'GET') {
    return {
      outcome: outcomes.methodNotAllowed,
      explanation: 'The method is not GET.',
      headers: { Allow: 'GET' },
    };
  }
  return undefined;
}
