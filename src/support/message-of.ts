/** What was thrown, in words; never empty, whatever it is. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message === '' ? thrown.name : thrown.message;
  try {
    const text = typeof thrown === 'string' ? thrown : `${typeof thrown} was thrown: ${String(thrown)}`;
    return text === '' ? 'an empty text was thrown' : text;
  } catch {
    // Something that cannot even be turned into a text.
    return `${typeof thrown} was thrown`;
  }
}
