import { randomFillSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSampleGateway } from 'gateway-backup/testing';
import { ensure } from '../test/support/prerequisites.js';
import { measuredInTurns, type Measured } from './measured-command.js';

/** What is packed. */
export interface FileTreeOptions {
  readonly files: number;
  readonly bytesPerFile: number;
  readonly rounds: number;
}

const ssgbackup = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * Library extensions by the thousand: the whole command against `zip -r -q` on the same folder. The files are
 * incompressible, as the inside of a jar is.
 */
export async function measureFileTree(options: FileTreeOptions): Promise<{ ours: Measured; peer: Measured }> {
  await ensure('zip');
  const folder = mkdtempSync(join(tmpdir(), 'bench-files-'));
  await using gateway = await createSampleGateway();
  try {
    const { gatewayRoot, hostRoot } = gateway;
    const ext = join(gatewayRoot, 'Gateway/runtime/lib/ext');
    makeJars(ext, options);
    const image = join(folder, 'image.zip');
    const switches = `-image ${image} -ext --root ${gatewayRoot} --host-root ${hostRoot} --no-progress`;
    const clear = `rm ${folder}/*image.zip`;
    return await measuredInTurns(
      {
        ours: `node ${ssgbackup} ${switches} && ${clear}`,
        peer: `zip -r -q ${image} ${ext} && ${clear}`,
      },
      options.rounds,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function makeJars(folder: string, { files, bytesPerFile }: FileTreeOptions): void {
  const content = Buffer.alloc(bytesPerFile);
  for (let index = 0; index < files; index++) {
    const parent = join(folder, `vendor-${index % 20}`);
    mkdirSync(parent, { recursive: true });
    writeFileSync(join(parent, `library-${index}.jar`), randomFillSync(content));
  }
}
