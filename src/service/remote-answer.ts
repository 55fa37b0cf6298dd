import type { IncomingMessage, ServerResponse } from 'node:http';
import { attachmentName } from './attachment-name.js';
import type { ClusterNode } from './cluster/cluster-directory.js';
import { routingError } from './remote-node.js';
import { sendBody } from './send-body.js';

/**
 * What another node's answer amounts to.
 *
 * @internal
 */
export type RemoteAnswer =
  | {
      readonly kind: 'image';
      readonly bytes: number;
      /** The failed components, when the image is partial. */
      readonly partial: string | undefined;
    }
  | {
      readonly kind: 'refusal';
      readonly status: number;
      readonly body: string;
      readonly retryAfter: string | undefined;
    };

const maxRefusalBytes = 64 * 1024;

/**
 * Reads the head of another node's answer, and the body of a refusal. Throws a `BackupError` for what is neither an image
 * nor a refusal. Nothing of the head is trusted: only what is known and well-formed comes out.
 *
 * @internal
 */
export async function readRemoteAnswer(
  node: ClusterNode,
  answer: IncomingMessage,
  idleTimeoutMs: number,
): Promise<RemoteAnswer> {
  const status = answer.statusCode ?? 0;
  if (status === 200) return readImageHead(node, answer);
  if (status < 400 || status > 599) throw routingError(node, `unexpected-status-${status}`);
  const retryAfter = answer.headers['retry-after'];
  return {
    kind: 'refusal',
    status,
    body: await readText(answer, idleTimeoutMs),
    retryAfter: retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? retryAfter : undefined,
  };
}

/**
 * Sends another node's image on to the client.
 *
 * @internal
 */
export async function passOnImage(
  node: ClusterNode,
  answer: IncomingMessage,
  image: RemoteAnswer & { readonly kind: 'image' },
  response: ServerResponse,
  limits: { readonly idleTimeoutMs: number; readonly stalledClientMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const { bytes, partial } = image;
  const fileName = attachmentName(node.name, partial === undefined ? '' : '-partial');
  response.writeHead(200, {
    ...(partial === undefined ? {} : partialHeaders(partial)),
    'Content-Type': 'application/zip',
    'Content-Length': bytes,
    'Content-Disposition': `attachment; filename="${fileName}"; size=${bytes}`,
    'Accept-Ranges': 'none',
  });
  const { stalledClientMs, signal } = limits;
  await sendBody(response, withIdleLimit(node, answer, limits.idleTimeoutMs), {
    bytes,
    stalledClientMs,
    signal,
  });
}

/** The headers that mark a partial image. */
export function partialHeaders(failedComponents: string): Readonly<Record<string, string>> {
  return {
    'X-Backup-Status': 'partial',
    ...(/^[a-z0-9, -]{1,200}$/.test(failedComponents)
      ? { 'X-Backup-Failed-Components': failedComponents }
      : {}),
  };
}

function readImageHead(node: ClusterNode, answer: IncomingMessage): RemoteAnswer {
  const { headers } = answer;
  const length = headers['content-length'] ?? '';
  if (headers['content-type'] !== 'application/zip' || !/^\d{1,15}$/.test(length)) {
    throw routingError(node, 'not-an-image');
  }
  const failed = headers['x-backup-failed-components'];
  const partial =
    headers['x-backup-status'] === 'partial' ? (typeof failed === 'string' ? failed : '') : undefined;
  return { kind: 'image', bytes: Number(length), partial };
}

/** At most 64 KiB, and no longer than the limit: a refusal is short. What came until then is good enough. */
async function readText(answer: IncomingMessage, limitMs: number): Promise<string> {
  const timer = setTimeout(() => answer.destroy(), limitMs);
  const chunks: Buffer[] = [];
  let left = maxRefusalBytes;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) break;
    }
  } catch {
    // The status is known, and counts.
  } finally {
    clearTimeout(timer);
    answer.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The chunks of an answer; throws when the next one is too long in coming. Time in which nobody asks does not count. */
async function* withIdleLimit(
  node: ClusterNode,
  answer: IncomingMessage,
  limitMs: number,
): AsyncGenerator<Buffer> {
  const chunks = (answer as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => answer.destroy(routingError(node, 'idle-timeout')), limitMs);
      const next = await chunks.next().finally(() => {
        clearTimeout(timer);
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    answer.destroy();
  }
}
