import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sampleFiles, sampleGatewayFolder, type SampleDatabaseAccess } from './sample-files.js';
import { sampleNodes } from './sample-identities.js';

/**
 * How a sample Gateway is made.
 *
 * @public
 */
export interface SampleGatewayOptions {
  /** Folder in which the sample's own folder is made. Default: the system's temporary folder. */
  readonly parentDirectory?: string | undefined;
  /** The Gateway's version. Default: `9.4.00`. */
  readonly version?: string | undefined;
  /** `node.id` of node.properties. Default: that of `Gateway1` in the sample database. */
  readonly nodeId?: string | undefined;
  /** The main database. Default: one at a documentation address (RFC 5737), which is never this machine. */
  readonly database?: SampleDatabaseAccess | undefined;
  /** Whether the machine is an appliance. Default: true. */
  readonly appliance?: boolean | undefined;
  /** State of the Enterprise Service Manager; `running` means with the process id of this process. Default: `stopped`. */
  readonly esm?: 'stopped' | 'running' | 'stale-pid' | 'absent' | undefined;
  /**
   * Changes, by path below the host's root, for example `opt/SecureSpan/Gateway/runtime/lib/ext/own.jar` or
   * `etc/my.cnf`: other content, or `null` to leave a file (or a whole folder) out. Default: none.
   */
  readonly files?: Readonly<Record<string, string | Uint8Array | null>> | undefined;
}

/**
 * A made-up Gateway machine: real files in a temporary folder.
 *
 * @public
 */
export interface SampleGateway extends AsyncDisposable {
  /** SECURESPAN: hand it on as `gatewayRoot`. */
  readonly gatewayRoot: string;
  /** The host's root: hand it on as `hostRoot`. */
  readonly hostRoot: string;
  /** An absolute path below SECURESPAN. */
  readonly resolve: (...segments: string[]) => string;
  /** An absolute path below the host's root. */
  readonly hostPath: (...segments: string[]) => string;
  /** Removes the folder. May be called again. */
  readonly remove: () => Promise<void>;
}

/**
 * Makes a complete Gateway file tree: configuration, custom and modular assertions, library extensions, an Enterprise
 * Service Manager, and the host's own files, all with plausible content and the same bytes every time.
 *
 * @example
 * ```ts
 * await using gateway = await createSampleGateway({ esm: 'running' });
 * const { gatewayRoot, hostRoot } = gateway;
 * const report = await runBackup({ image: 'node1.zip', config: true }, { gatewayRoot, hostRoot });
 * ```
 *
 * @public
 */
export async function createSampleGateway(options: SampleGatewayOptions = {}): Promise<SampleGateway> {
  const hostRoot = await mkdtemp(join(options.parentDirectory ?? tmpdir(), 'sample-gateway-'));
  const esm = options.esm ?? 'stopped';
  const files = {
    ...sampleFiles({
      nodeId: options.nodeId ?? sampleNodes[0].nodeId,
      version: options.version ?? '9.4.00',
      database: options.database ?? { host: '192.0.2.10', port: 3306, user: 'gateway', password: 'sample' },
      appliance: options.appliance ?? true,
      esm: esm !== 'absent',
    }),
    ...(esm === 'running' ? { 'var/run/ssemd.pid': `${process.pid}\n` } : {}),
    ...(esm === 'stale-pid' ? { 'var/run/ssemd.pid': `${impossiblePid}\n` } : {}),
  };
  const changes = options.files ?? {};
  const removed = Object.keys(changes).filter((path) => changes[path] === null);
  const kept = Object.entries({ ...files, ...changes }).filter(
    ([path]) => !removed.some((gone) => path === gone || path.startsWith(`${gone}/`)),
  );
  const remove = async () => {
    await rm(hostRoot, { recursive: true, force: true });
  };
  try {
    for (const [path, content] of kept) await place(join(hostRoot, path), content);
  } catch (error) {
    await remove();
    throw error;
  }
  const gatewayRoot = join(hostRoot, sampleGatewayFolder);
  return {
    gatewayRoot,
    hostRoot,
    resolve: (...segments) => join(gatewayRoot, ...segments),
    hostPath: (...segments) => join(hostRoot, ...segments),
    remove,
    [Symbol.asyncDispose]: remove,
  };
}

// Above the largest process id that Linux can give.
const impossiblePid = 2 ** 22 + 1;

async function place(path: string, content: string | Uint8Array | null): Promise<void> {
  if (content === null) {
    await mkdir(path, { recursive: true });
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, /(?:omp\.dat|node\.properties)$/u.test(path) ? 0o600 : 0o644);
}
