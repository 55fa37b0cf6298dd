import { createHash } from 'node:crypto';

/**
 * One node of the sample cluster, a row of `cluster_info`.
 *
 * @public
 */
export interface SampleNode {
  /** 32 hexadecimal digits. */
  readonly nodeId: string;
  /** The node's name in the cluster. */
  readonly name: string;
  /** Where the other nodes reach it. */
  readonly address: string;
}

/**
 * The three nodes of the sample cluster.
 *
 * @public
 */
export const sampleNodes: readonly [SampleNode, SampleNode, SampleNode] = [
  { nodeId: 'a1b35e1e0f8b4c0d9a5f3c7d11e0a001', name: 'Gateway1', address: '10.0.0.11' },
  { nodeId: 'a1b35e1e0f8b4c0d9a5f3c7d11e0a002', name: 'Gateway2', address: '10.0.0.12' },
  { nodeId: 'a1b35e1e0f8b4c0d9a5f3c7d11e0a003', name: 'Gateway3', address: '10.0.0.13' },
];

/**
 * One internal user of the sample Gateway, and what is special about it.
 *
 * @public
 */
export interface SampleUser {
  /** The name to log in with. */
  readonly login: string;
  /** The password that the stored hash was made from. */
  readonly password: string;
  /** How the Administrator role comes to the user, if it does. */
  readonly administrator: 'direct' | 'by group' | 'no';
  /** Whether the account may log in. */
  readonly enabled: boolean;
  /** Milliseconds; -1: never. */
  readonly expiration: number;
  /** As stored in `internal_user.password`. */
  readonly hash: string;
  /** Base64 DER of the registered client certificate. */
  readonly certificate?: string | undefined;
}

const cryptHash =
  '$6$GwSampleSalt1234$01emw6MpCBY0jOEPucoxKf9YfUJj6j.MDacV7icbhf3tbqHaLuIRWnbNdvpNLPJFrvs.kKpMPVzkWxf9N8z5v1';
const password = 'sample-Admin-1';
const usual = { password, hash: cryptHash, administrator: 'direct', enabled: true, expiration: -1 } as const;

/**
 * The internal users of the sample Gateway: every kind that logging in has to tell apart.
 *
 * @public
 */
export const sampleUsers: readonly SampleUser[] = [
  { ...usual, login: 'admin' },
  { ...usual, login: 'group-admin', administrator: 'by group' },
  { ...usual, login: 'operator', administrator: 'no' },
  { ...usual, login: 'digest-admin', hash: oldDigest('digest-admin', password) },
  { ...usual, login: 'disabled-admin', enabled: false },
  { ...usual, login: 'expired-admin', expiration: 1_577_836_800_000 },
  { ...usual, login: 'unverifiable', hash: '{SSHA}b2xkIGZvcm0=' },
  {
    ...usual,
    login: 'certified',
    // Self-signed, CN=certified, elliptic curve P-256, valid until 2126; its private key was thrown away.
    certificate:
      'MIIBzDCCAXGgAwIBAgIUFAoSKl0o/6Iu5Wc+yhiupSV9FJAwCgYIKoZIzj0EAwIwOjELMAkGA1UEBhMCVVMxFzAVBgNVBAoMDlNhbXBsZSBHYXRl' +
      'd2F5MRIwEAYDVQQDDAljZXJ0aWZpZWQwIBcNMjYxMTI0MDIwODU0WhgPMjEyNjEwMzEwMjA4NTRaMDoxCzAJBgNVBAYTAlVTMRcwFQYDVQQKDA5T' +
      'YW1wbGUgR2F0ZXdheTESMBAGA1UEAwwJY2VydGlmaWVkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEpjASvHqZDwazgI5VN3xSOnsDokVMWEe/' +
      'OJ3+DIgHAM8FmBatzn9VAL6z8zaQsS68Ng0/Za+UUYprk4XcQPc9yKNTMFEwHQYDVR0OBBYEFPasqdb1njgRGravnnUmWQjsVZ6uMB8GA1UdIwQY' +
      'MBaAFPasqdb1njgRGravnnUmWQjsVZ6uMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAPBFdv3E9ke7IvU0VbeZbhUTy+UBF8mm' +
      't6KED75di/5vAiEAsxiEWxcUcIRH62X+bPMcdBHpctIeBtQDM+WglwqZ+rU=',
  },
];

function oldDigest(login: string, plain: string): string {
  return createHash('md5').update(`${login}:L7SSGDigestRealm:${plain}`).digest('hex');
}
