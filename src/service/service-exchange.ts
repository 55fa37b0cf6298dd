import type { IncomingMessage, ServerResponse } from 'node:http';
import { BackupError, isBackupError } from '../errors.js';
import { errnoOf } from '../support/errno.js';
import { logFor } from '../support/log.js';
import type { AuditRecord } from './audit/audit-log.js';
import type { ClientOrigin } from './client-address.js';
import { outcomes, type Outcome } from './outcome.js';
import { printable } from './printable.js';
import type { ResolvedServiceOptions } from './service-options.js';
import type { ServiceUser } from './users/user-directory.js';

/**
 * Why a request gets no image.
 *
 * @internal
 */
export interface Refusal {
  readonly outcome: Outcome;
  /** For the log and the audit record, in one sentence; never for the client. */
  readonly explanation: string;
  /** Further lines of the body. */
  readonly lines?: readonly string[] | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** False when this outcome has been recorded before. Default: true. */
  readonly audited?: boolean | undefined;
}

const debug = logFor('service');

/**
 * One request and its answer: who asks, for what, and how it is recorded. Everything that is known about the client is added
 * here as it becomes known.
 *
 * @internal
 */
export class ServiceExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly options: ResolvedServiceOptions;
  client: ClientOrigin = { address: '', host: '' };
  login: string | undefined;
  user: ServiceUser | undefined;
  node: string | undefined;
  readonly #gone = new AbortController();
  readonly #headers: Readonly<Record<string, string>>;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    options: ResolvedServiceOptions,
    headers: Readonly<Record<string, string>>,
  ) {
    this.request = request;
    this.response = response;
    this.options = options;
    this.#headers = headers;
    response.on('close', this.#onClose);
    options.signal?.addEventListener('abort', this.#onShutdown);
    if (response.destroyed) this.#onClose();
    if (options.signal?.aborted === true) this.#onShutdown();
  }

  /** Aborted when the client has gone, or the service is shut down. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** Sets the headers that every answer has. */
  begin(): void {
    for (const [name, value] of Object.entries(this.#headers)) this.response.setHeader(name, value);
    const { headers } = this.request;
    // A body is not read, so that the connection cannot be used again.
    if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0') {
      this.response.setHeader('Connection', 'close');
    }
  }

  /** Records the refusal and answers with it, in this order; a client that knows the outcome finds it recorded. */
  async refuse({ outcome, explanation, lines = [], headers = {}, audited = true }: Refusal): Promise<void> {
    if (audited) await this.record(outcome, explanation);
    const { response } = this;
    if (response.destroyed) return;
    // With the head gone there is no way back: the client's check of the length must fail.
    if (response.headersSent) {
      response.destroy();
      return;
    }
    this.send(outcome.status, [`${outcome.status} ${outcome.phrase}`, ...lines].join('\n'), {
      headers,
      phrase: outcome.phrase,
    });
  }

  /** Answers with a text. */
  send(
    status: number,
    body: string,
    facts: {
      readonly headers?: Readonly<Record<string, string>> | undefined;
      readonly phrase?: string | undefined;
      readonly contentType?: string | undefined;
    } = {},
  ): void {
    const { response } = this;
    const bytes = Buffer.from(body, 'utf8');
    if (facts.phrase !== undefined) response.statusMessage = facts.phrase;
    response.writeHead(status, {
      'Content-Type': facts.contentType ?? 'text/plain; charset=utf-8',
      'Content-Length': bytes.length,
      ...facts.headers,
    });
    response.end(bytes);
  }

  /** Writes the outcome to the log and, if it is one of those, to the audit log. Never throws. */
  async record(outcome: Outcome, explanation: string): Promise<void> {
    const { auditId, level, status } = outcome;
    const message = printable(explanation);
    const who = this.login === undefined ? '-' : printable(this.login);
    const line = `${printable(this.client.address)} ${who} ${status} ${outcome.phrase}: ${message}`;
    debug('%s', line);
    if (auditId === undefined) return;
    this.options.log(level === 'INFO' ? 'info' : 'warn', line);
    const record: AuditRecord = {
      id: auditId,
      level: level ?? 'WARNING',
      time: new Date(),
      message,
      status,
      user: this.login === undefined ? undefined : printable(this.login),
      userId: this.user?.id,
      providerId: this.user?.providerId,
      node: this.node === undefined ? undefined : printable(this.node),
      clientHost: printable(this.client.host),
      clientAddress: printable(this.client.address),
    };
    try {
      await withinLimit(this.options.audit.record(record), this.options.auditTimeoutMs);
    } catch (error) {
      this.options.log(
        'error',
        `The audit record could not be kept (${describe(error)}): ${JSON.stringify(record)}`,
      );
    }
  }

  /** Ends the exchange: nothing of it stays on objects that live longer. */
  end(): void {
    this.response.off('close', this.#onClose);
    this.options.signal?.removeEventListener('abort', this.#onShutdown);
  }

  readonly #onClose = (): void => {
    if (!this.response.writableFinished) this.#gone.abort(cancelledBy('the client closed the connection'));
  };

  readonly #onShutdown = (): void => {
    this.#gone.abort(cancelledBy('the service is shutting down'));
  };
}

/** The refusal for a lookup that failed; too many logins at once are no failure of the lookup. */
export function lookupFailure(outcome: Outcome, what: string, error: unknown): Refusal {
  if (isBackupError(error) && error.reason === 'too-many-logins') {
    return { outcome: outcomes.tooManyLogins, explanation: error.message, headers: { 'Retry-After': '2' } };
  }
  return { outcome, explanation: `${what}: ${describe(error)}` };
}

/** An error for the log. The message of an unknown error is left out: a driver may put anything there. */
export function describe(error: unknown): string {
  if (isBackupError(error)) return printable(`${error.code}: ${error.message}`, 500);
  const code = errnoOf(error);
  if (code !== undefined) return printable(code);
  return error instanceof Error ? error.name : typeof error;
}

function cancelledBy(reason: string): BackupError {
  return new BackupError('CANCELLED', `cancelled: ${reason}`, { stage: 'service', cause: new Error(reason) });
}

async function withinLimit(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new BackupError('INTERNAL', `The audit log took longer than ${limitMs} ms.`, {
          stage: 'service',
          reason: 'audit-timeout',
        }),
      );
    }, limitMs);
  });
  // What comes after the limit is nobody's any more, and must not end the process.
  work.catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
