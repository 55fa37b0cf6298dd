import { createHash } from 'node:crypto';

/**
 * The headers of every answer: no scripts, no frames, no sniffing, no caching, no referrer, nothing for other origins.
 *
 * @internal
 */
export function securityHeaders(styleSheet: string): Readonly<Record<string, string>> {
  const styleHash = createHash('sha256').update(styleSheet, 'utf8').digest('base64');
  return Object.freeze({
    'Content-Security-Policy':
      `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; ` +
      `frame-ancestors 'none'; base-uri 'none'`,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    // no-transform: a host's compression must not touch the Content-Length of a download.
    'Cache-Control': 'no-store, no-transform',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
  });
}
