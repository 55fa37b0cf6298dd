import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Certificate and key, PEM, and the files that hold them. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A certificate authority of the test's own, in a folder. */
export class TestAuthority {
  readonly #folder: string;
  readonly #own: TestCertificate;

  constructor(folder: string, name = 'authority') {
    this.#folder = folder;
    this.#own = this.#files(name);
    this.#openssl(
      'req',
      '-x509',
      ...newKey(this.#own.keyFile),
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
      '-out',
      this.#own.certificateFile,
    );
  }

  get certificate(): string {
    return readFileSync(this.#own.certificateFile, 'utf8');
  }

  get certificateFile(): string {
    return this.#own.certificateFile;
  }

  /** `subjects` as in `IP:127.0.0.1,DNS:localhost`. */
  issue(name: string, subjects = 'IP:127.0.0.1,DNS:localhost'): TestCertificate {
    const files = this.#files(name);
    const request = join(this.#folder, `${name}.csr`);
    const extensions = join(this.#folder, `${name}.ext`);
    writeFileSync(extensions, `subjectAltName=${subjects}\n`);
    this.#openssl('req', '-new', ...newKey(files.keyFile), '-subj', `/CN=${name}`, '-out', request);
    this.#openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      this.#own.certificateFile,
      '-CAkey',
      this.#own.keyFile,
      '-days',
      '30',
      '-set_serial',
      String(Math.floor(Math.random() * 1e9)),
      '-extfile',
      extensions,
      '-out',
      files.certificateFile,
    );
    return files;
  }

  #files(name: string): TestCertificate {
    const certificateFile = join(this.#folder, `${name}.crt`);
    const keyFile = join(this.#folder, `${name}.key`);
    return {
      certificateFile,
      keyFile,
      get certificate() {
        return readFileSync(certificateFile, 'utf8');
      },
      get key() {
        return readFileSync(keyFile, 'utf8');
      },
    };
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file];
}
