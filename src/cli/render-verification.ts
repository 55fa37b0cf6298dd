import type { ImageVerification } from '../image/image-verification.js';
import { printable } from './render.js';

/** The outcome of `--verify`: one line, then one for each fault or note. */
export function renderVerification(
  file: string,
  { valid, faults, entries, bytes }: ImageVerification,
): string {
  const name = printable(file);
  const head = valid
    ? `${name}: valid, ${entries} entries, ${bytes} bytes`
    : `${name}: NOT valid, ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`;
  const lines = faults.map(({ entry, code, message }) => {
    return printable(`  ${entry === undefined ? '' : `${entry}: `}${message} (${code})`);
  });
  return [head, ...lines].join('\n');
}
