import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** What to ask, of a server on loopback. */
export interface Question {
  readonly port: number;
  readonly path?: string | undefined;
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string | string[]>> | undefined;
  /** `login:password`, or a whole `Authorization` value when it has a space. */
  readonly user?: string | undefined;
  readonly plain?: boolean | undefined;
  readonly clientCertificate?: { readonly certificate: string; readonly key: string } | undefined;
  readonly body?: string | undefined;
  readonly localAddress?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly phrase: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

/** One request on a connection of its own, its path sent as it is. */
export function ask(question: Question): Promise<Answer> {
  const {
    port,
    path = '/ssg/backup',
    method = 'GET',
    user,
    plain = false,
    clientCertificate,
    body,
  } = question;
  const authorization =
    user === undefined
      ? {}
      : {
          Authorization: user.includes(' ')
            ? user
            : `Basic ${Buffer.from(user, 'latin1').toString('base64')}`,
        };
  const options = {
    host: '127.0.0.1',
    port,
    path,
    method,
    agent: false,
    headers: { ...authorization, ...question.headers },
    ...(question.localAddress === undefined ? {} : { localAddress: question.localAddress }),
    ...(clientCertificate === undefined
      ? {}
      : { cert: clientCertificate.certificate, key: clientCertificate.key }),
    rejectUnauthorized: false,
  };
  return new Promise((resolve, reject) => {
    const request = plain ? httpRequest(options) : httpsRequest(options);
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const content = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          phrase: response.statusMessage ?? '',
          headers: response.headers,
          body: content,
          text: content.toString('utf8'),
        });
      });
    });
    request.end(body);
  });
}
