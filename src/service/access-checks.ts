import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { parseBasicCredentials } from './basic-credentials.js';
import { presentedThumbprints } from './client-certificate.js';
import { clientAddress, isEncrypted, plainAddress } from './client-address.js';
import type { LoginLimiter } from './login-limiter.js';
import { outcomes } from './outcome.js';
import { originalAddressHeader, originalHostHeader } from './remote-node.js';
import type { RequestTarget } from './request-target.js';
import { lookupFailure, type Refusal, type ServiceExchange } from './service-exchange.js';
import type { ServiceUser } from './users/user-directory.js';

/** The request is encrypted, or its embedder says that TLS ended in front of us. */
export function checkTransport({ request, options }: ServiceExchange): Refusal | undefined {
  if (isEncrypted(request, options.trustProxy)) return undefined;
  return { outcome: outcomes.sslRequired, explanation: 'The request came without TLS.' };
}

/**
 * The request was not made by another site's page: a browser sends the credentials it knows along with those too. Programs
 * send no `Sec-Fetch-Site`, and a link to the page itself is harmless.
 */
export function checkSite({ request }: ServiceExchange, target: RequestTarget): Refusal | undefined {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = request.headers;
  if (site === undefined || site === 'same-origin' || site === 'none') return undefined;
  if (target.kind === 'page' && mode === 'navigate' && destination === 'document') return undefined;
  return { outcome: outcomes.crossSite, explanation: 'A page of another site made the request.' };
}

/** The credentials are there, readable, and right. Sets the exchange's login and user. */
export async function checkCredentials(
  exchange: ServiceExchange,
  limiter: LoginLimiter,
): Promise<Refusal | undefined> {
  const { request, options, client } = exchange;
  const credentials = parseBasicCredentials(request.headers.authorization, options.credentialsCharset);
  const challenge = challengeHeader(options.credentialsCharset);
  if (credentials.kind === 'absent') {
    return { outcome: outcomes.challenge, explanation: 'No credentials were sent.', headers: challenge };
  }
  exchange.login = credentials.kind === 'present' ? credentials.login : undefined;
  const permission = await limiter.begin(client.address, exchange.login ?? '');
  if (!permission.allowed) {
    return {
      outcome: outcomes.tooManyFailures,
      explanation: 'Too many logins failed; further attempts are refused for a while and not recorded.',
      headers: { 'Retry-After': String(permission.retryAfterSeconds) },
      audited: permission.first,
    };
  }
  let failed = false;
  try {
    if (credentials.kind === 'malformed') {
      failed = true;
      return { outcome: outcomes.malformedCredentials, explanation: 'The credentials could not be read.' };
    }
    exchange.user = await options.users.authenticate(credentials.login, credentials.password, exchange);
    failed = exchange.user === undefined;
  } catch (error) {
    return lookupFailure(outcomes.permissionCheckFailed, 'The user could not be looked up', error);
  } finally {
    permission.finish(failed);
  }
  if (!failed) return undefined;
  return { outcome: outcomes.badCredentials, explanation: 'Login or password is wrong.', headers: challenge };
}

/** A user with registered client certificates has presented one of them. */
export async function checkCertificate(
  exchange: ServiceExchange,
  user: ServiceUser,
): Promise<Refusal | undefined> {
  try {
    const registered = await exchange.options.users.registeredCertificates(user, exchange);
    const presented: readonly string[] = presentedThumbprints(exchange.request);
    if (registered.length === 0 || registered.some((thumbprint) => presented.includes(thumbprint)))
      return undefined;
  } catch (error) {
    return lookupFailure(outcomes.permissionCheckFailed, 'The certificates could not be looked up', error);
  }
  return {
    outcome: outcomes.noCertificate,
    explanation: 'The user has a registered client certificate and did not present it.',
  };
}

/** The port serves browser-based administration. */
export async function checkPort(exchange: ServiceExchange): Promise<Refusal | undefined> {
  const { connectors } = exchange.options;
  const port = servicePort(exchange);
  try {
    if (connectors === undefined || (await connectors.allowsBrowserAdministration(port, exchange)))
      return undefined;
  } catch (error) {
    return lookupFailure(outcomes.permissionCheckFailed, 'The connector could not be looked up', error);
  }
  return {
    outcome: outcomes.portNotEnabled,
    explanation: `Port ${port} is not enabled for browser-based administration.`,
  };
}

/** The user has the Administrator role. */
export async function checkRole(exchange: ServiceExchange, user: ServiceUser): Promise<Refusal | undefined> {
  try {
    if (await exchange.options.users.isAdministrator(user, exchange)) return undefined;
  } catch (error) {
    return lookupFailure(outcomes.permissionCheckFailed, 'The role could not be looked up', error);
  }
  return { outcome: outcomes.notPermitted, explanation: 'The user does not have the Administrator role.' };
}

/** The port at which the client sees the service. */
export function servicePort({ request, options }: ServiceExchange): number {
  return options.port ?? request.socket.localPort ?? 0;
}

/** Whether another node has passed this request on. */
export function wasPassedOn(request: IncomingMessage): boolean {
  return request.headers[originalAddressHeader.toLowerCase()] !== undefined;
}

/** Finds out who asks: the peer, or, when the peer is another node of the cluster, the client that it names. */
export async function identifyClient(exchange: ServiceExchange): Promise<void> {
  const { request, options } = exchange;
  const peer = clientAddress(request, options.trustProxy);
  exchange.client = { address: peer, host: peer };
  const original = plainAddress(String(request.headers[originalAddressHeader.toLowerCase()] ?? ''));
  if (isIP(original) !== 0 && (await isClusterNode(exchange, peer))) {
    const host = String(request.headers[originalHostHeader.toLowerCase()] ?? original);
    exchange.client = { address: original, host };
    return;
  }
  try {
    exchange.client = { address: peer, host: await options.clientHost(peer) };
  } catch {
    // The address says enough.
  }
}

async function isClusterNode({ options, signal }: ServiceExchange, address: string): Promise<boolean> {
  try {
    const nodes = await options.cluster.nodes({ signal });
    return nodes.some((node) => !node.local && plainAddress(node.address) === address);
  } catch {
    // The check of the cluster list says so later.
    return false;
  }
}

function challengeHeader(charset: string): Readonly<Record<string, string>> {
  const announced = charset === 'utf-8' ? ', charset="UTF-8"' : '';
  return { 'WWW-Authenticate': `Basic realm="L7SSGBasicRealm"${announced}` };
}
