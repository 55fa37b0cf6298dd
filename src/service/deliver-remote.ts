import { servicePort, wasPassedOn } from './access-checks.js';
import type { ClusterNode } from './cluster/cluster-directory.js';
import { outcomes } from './outcome.js';
import { passOnImage, readRemoteAnswer } from './remote-answer.js';
import { askNode } from './remote-node.js';
import { describe, type Refusal, type ServiceExchange } from './service-exchange.js';

/**
 * Gets another node's image from its own Backup Service and sends it on; a refusal is passed back as it is. Returns the
 * refusal when the other node gave no usable answer.
 *
 * @internal
 */
export async function deliverRemoteImage(
  exchange: ServiceExchange,
  node: ClusterNode,
  includeAudits: boolean,
): Promise<Refusal | undefined> {
  const { options, request, response, client, signal } = exchange;
  const { path, routing, stalledClientMs } = options;
  if (wasPassedOn(request)) {
    return {
      outcome: outcomes.routingFailed,
      explanation: `The request for node ${node.name} has been passed on once already; the nodes disagree about their names.`,
    };
  }
  const ended = new AbortController();
  const end = (): void => {
    ended.abort(signal.reason);
  };
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    const answer = await askNode(
      {
        node,
        path,
        includeAudits,
        port: servicePort(exchange),
        authorization: request.headers.authorization ?? '',
        client,
        signal: ended.signal,
      },
      routing,
    );
    const remote = await readRemoteAnswer(node, answer, routing.idleTimeoutMs);
    if (remote.kind === 'refusal') {
      await passOnRefusal(exchange, node, remote);
      return undefined;
    }
    await passOnImage(node, answer, remote, response, {
      idleTimeoutMs: routing.idleTimeoutMs,
      stalledClientMs,
      signal,
    });
    await exchange.record(
      outcomes.success,
      `The image of node ${node.name} was passed on, ${remote.bytes} bytes.`,
    );
    return undefined;
  } catch (error) {
    return {
      outcome: outcomes.routingFailed,
      explanation: `Passing the request on to node ${node.name} failed: ${describe(error)}`,
    };
  } finally {
    signal.removeEventListener('abort', end);
    // Whatever is left of the connection goes with it.
    ended.abort();
  }
}

async function passOnRefusal(
  exchange: ServiceExchange,
  node: ClusterNode,
  refusal: { readonly status: number; readonly body: string; readonly retryAfter: string | undefined },
): Promise<void> {
  const { status, body, retryAfter } = refusal;
  await exchange.record({ ...outcomes.routingFailed, status }, `Node ${node.name} refused: ${body}`);
  if (exchange.response.destroyed) return;
  exchange.send(status, body, {
    headers: {
      ...(retryAfter === undefined ? {} : { 'Retry-After': retryAfter }),
      ...(status === 401 ? { 'WWW-Authenticate': 'Basic realm="L7SSGBasicRealm"' } : {}),
    },
  });
}
