import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from 'gateway-backup';
import {
  createBackupService,
  FileUserDirectory,
  listenBackupService,
  StaticClusterDirectory,
  type AuditRecord,
  type BackupServiceOptions,
  type ListeningService,
  type ListenOptions,
} from 'gateway-backup/service';
import { hashScryptPassword } from '#dist/service/passwords/scrypt-password.js';
import { TestAuthority } from './certificates.js';
import { StandInBackup } from './stand-in-backup.js';

export { until } from '../../support/leak-check.js';

export const adminPassword = 'admin-Secret-1';
export const admin = `admin:${adminPassword}`;
export const operator = `operator:${adminPassword}`;
export const certified = `certified:${adminPassword}`;

/** Cheap to check, so that tests measure the service and not scrypt. */
const cheap = { cost: 256, blockSize: 8, parallelization: 1 };

// Made once for all services of a test process: openssl takes longer than anything else here.
const certificates = makeCertificates();

function makeCertificates() {
  const folder = mkdtempSync(join(tmpdir(), 'service-certificates-'));
  process.on('exit', () => {
    rmSync(folder, { recursive: true });
  });
  const authority = new TestAuthority(folder);
  return { authority, server: authority.issue('server'), client: authority.issue('certified') };
}

/** A service in this process, around a stand-in for the backup. */
export class ServiceFixture implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'service-'));
  readonly authority = certificates.authority;
  readonly certificate = certificates.server;
  readonly clientCertificate = certificates.client;
  readonly usersFile = join(this.folder, 'users.json');
  readonly backup = new StandInBackup();
  readonly audits: AuditRecord[] = [];
  readonly log: string[] = [];
  readonly options: BackupServiceOptions;
  listening!: ListeningService;

  private constructor(options: Partial<BackupServiceOptions>) {
    this.options = {
      backup: this.backup,
      users: new FileUserDirectory(this.usersFile),
      cluster: new StaticClusterDirectory([
        { name: 'Gateway1', address: '127.0.0.1', local: true, hostsDatabase: true },
        { name: 'Gateway2', address: '127.0.0.1', local: false, port: 1 },
      ]),
      audit: {
        record: async (record) => {
          this.audits.push(record);
          return Promise.resolve();
        },
      },
      log: (level, message) => this.log.push(`${level} ${message}`),
      ...options,
    };
  }

  static async start(
    options: Partial<BackupServiceOptions> = {},
    listen: Partial<ListenOptions> = {},
  ): Promise<ServiceFixture> {
    const fixture = new ServiceFixture(options);
    await fixture.#writeUsers();
    const { certificate, key } = fixture.certificate;
    fixture.listening = await listenBackupService(createBackupService(fixture.options), {
      certificate,
      key,
      port: 0,
      ...listen,
    });
    return fixture;
  }

  get port(): number {
    return this.listening.port;
  }

  async #writeUsers(): Promise<void> {
    const password = await hashScryptPassword(new Secret(adminPassword), cheap);
    const fingerprint = new X509Certificate(this.clientCertificate.certificate).fingerprint256;
    const certificates = [`sha256:${fingerprint.replaceAll(':', '').toLowerCase()}`];
    const users = [
      { login: 'admin', password, administrator: true },
      { login: 'operator', password },
      { login: 'certified', password, administrator: true, certificates },
      { login: 'disabled', password, administrator: true, disabled: true },
      { login: 'expired', password, administrator: true, expires: '2020-01-01T00:00:00Z' },
      {
        login: 'jürgen',
        password: await hashScryptPassword(new Secret('päss-Wort'), cheap),
        administrator: true,
      },
    ];
    writeFileSync(this.usersFile, JSON.stringify({ users }), { mode: 0o600 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listening.close();
    rmSync(this.folder, { recursive: true });
  }
}
