import { constants } from 'node:os';

/**
 * The name of a system error, for example `ENOSPC`; `undefined` for any other value. Node has no name for some, a disk
 * quota among them; the operating system has.
 */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  if (!error.code.startsWith('Unknown system error')) return error.code;
  const number = 'errno' in error && typeof error.errno === 'number' ? -error.errno : undefined;
  const known = Object.entries(constants.errno).find(([, value]) => value === number);
  return known?.[0] ?? error.code;
}
