import { createHash, X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { CertificateThumbprint } from './users/user-directory.js';

/**
 * The thumbprints of the certificate that the client presented in its TLS handshake, in every digest that a directory may
 * know; none if there is no certificate, or it is not valid today. Who signed it does not matter: it is compared with the
 * one that is registered, and the handshake has proved that the client has its key.
 *
 * @internal
 */
export function presentedThumbprints(request: IncomingMessage): readonly CertificateThumbprint[] {
  if (!(request.socket instanceof TLSSocket)) return [];
  const { raw } = request.socket.getPeerCertificate() as { raw?: Buffer | undefined };
  if (raw === undefined || !isValidToday(raw)) return [];
  return [thumbprint('sha256', raw), thumbprint('sha1', raw)];
}

/** Digest of a certificate's DER bytes. */
export function thumbprint(algorithm: 'sha256' | 'sha1', der: Uint8Array): CertificateThumbprint {
  return `${algorithm}:${createHash(algorithm).update(der).digest('hex')}`;
}

function isValidToday(der: Buffer): boolean {
  try {
    const { validFrom, validTo } = new X509Certificate(der);
    const now = Date.now();
    return Date.parse(validFrom) <= now && now <= Date.parse(validTo);
  } catch {
    return false;
  }
}
