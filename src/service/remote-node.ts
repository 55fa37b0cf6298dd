import type { IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { BackupError } from '../errors.js';
import { errnoOf } from '../support/errno.js';
import type { ClientOrigin } from './client-address.js';
import type { ClusterNode } from './cluster/cluster-directory.js';
import type { ResolvedRoutingOptions } from './routing-options.js';

/**
 * One request to be passed on.
 *
 * @internal
 */
export interface RemoteRequest {
  readonly node: ClusterNode;
  /** Path of the service, on every node. */
  readonly path: string;
  readonly includeAudits: boolean;
  /** Port at which the request came in, for a node that has none of its own. */
  readonly port: number;
  /** The `Authorization` header as it came. */
  readonly authorization: string;
  readonly client: ClientOrigin;
  readonly signal: AbortSignal;
}

/** Tell the other node who asked first. Their presence also says that a request has been passed on once already. */
export const originalHostHeader = 'L7-Original-Host';
/** Beside {@link originalHostHeader}: the address that the first question came from. */
export const originalAddressHeader = 'L7-Original-Addr';

/**
 * Asks another node for its image, over TLS with its certificate checked. The host comes from the cluster directory alone, and
 * redirects are not followed. Resolves with the head of the answer; aborting the signal ends the connection at any time.
 * Throws a `BackupError` when there is no answer.
 *
 * @internal
 */
export function askNode(request: RemoteRequest, options: ResolvedRoutingOptions): Promise<IncomingMessage> {
  const { node, signal } = request;
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(requestOptions(request, options));
    const fail = (reason: string, cause?: unknown): void => {
      clearTimers();
      outgoing.destroy();
      reject(routingError(node, reason, cause));
    };
    const connecting = setTimeout(fail, options.connectTimeoutMs, 'connect-timeout');
    const answering = setTimeout(fail, options.answerTimeoutMs, 'answer-timeout');
    const clearTimers = (): void => {
      clearTimeout(connecting);
      clearTimeout(answering);
    };
    const aborted = (): void => {
      fail('cancelled', signal.reason);
    };
    outgoing.on('socket', (socket) => {
      // A node that is switched off sends no word of it.
      socket.setKeepAlive(true, 30_000);
      socket.once('secureConnect', () => {
        clearTimeout(connecting);
      });
    });
    outgoing.on('response', (answer) => {
      clearTimers();
      // Whoever reads the body sees the error too; without a reader it must not end the process.
      answer.on('error', () => undefined);
      resolve(answer);
    });
    outgoing.on('error', (error) => {
      fail(reasonOf(error), error);
    });
    outgoing.on('close', () => {
      signal.removeEventListener('abort', aborted);
    });
    signal.addEventListener('abort', aborted);
    if (signal.aborted) aborted();
    else outgoing.end();
  });
}

/** The error for a node that gave no usable answer. */
export function routingError(node: ClusterNode, reason: string, cause?: unknown): BackupError {
  return new BackupError('SINK_FAILED', `The node ${node.name} gave no usable answer (${reason}).`, {
    stage: 'service',
    reason,
    hint: 'Check that its Backup Service runs, and that its certificate is valid for its address and comes from a trusted authority.',
    cause,
  });
}

function requestOptions(request: RemoteRequest, options: ResolvedRoutingOptions): RequestOptions {
  const { node, path, includeAudits, port, authorization, client } = request;
  const certificateName = node.certificateName ?? options.certificateName;
  return {
    agent: false,
    host: node.address,
    port: node.port ?? port,
    path: `${path}?node=${encodeURIComponent(node.name)}${includeAudits ? '&audits=true' : ''}`,
    headers: {
      Authorization: authorization,
      [originalHostHeader]: client.host,
      [originalAddressHeader]: client.address,
      Connection: 'close',
    },
    maxHeaderSize: 16 * 1024,
    insecureHTTPParser: false,
    rejectUnauthorized: true,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(certificateName === undefined ? {} : { servername: certificateName }),
  };
}

/** The stable part of a connection's error: its code, never its text. */
function reasonOf(error: Error): string {
  return errnoOf(error) ?? 'connection-failed';
}
