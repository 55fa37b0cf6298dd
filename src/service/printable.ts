// C0 and C1 controls, the escape that starts terminal sequences among them, line separators, bidirectional overrides.

const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\\]/g;
// A valid pair of surrogates is one character; only a lone half is unprintable.
const pairs = /[\ud800-\udbff][\udc00-\udfff]/g;

/**
 * Text from outside, made safe for one line of a log or an audit record: controls are written as `\uXXXX`, and what is
 * longer than `limit` characters is cut.
 *
 * @internal
 */
export function printable(text: string, limit = 200): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  const kept: string[] = [];
  let from = 0;
  for (const pair of cut.matchAll(pairs)) {
    kept.push(escape(cut.slice(from, pair.index)), pair[0]);
    from = pair.index + 2;
  }
  kept.push(escape(cut.slice(from)));
  return kept.join('');
}

function escape(text: string): string {
  return text.replace(unprintable, (character) =>
    character === '\\' ? '\\\\' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
