const maxLength = 100;

/**
 * A file name that needs no quoting in a header and is harmless on every file system: `[A-Za-z0-9._-]`, at most 100
 * characters, ending `.zip`, not starting with a dot or a dash.
 *
 * @internal
 */
export function attachmentName(node: string, mark = ''): string {
  const suffix = `${mark}.zip`;
  const safe = node
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^[.-]+/, '_')
    .slice(0, maxLength - suffix.length);
  return `${safe === '' ? 'node' : safe}${suffix}`;
}
