/**
 * Parses the text of a Java properties file, as `java.util.Properties.load` does: ISO-8859-1 bytes, `\uXXXX` and the
 * short escapes, `#` and `!` comments, `=`, `:` or white space after the key, and lines continued by a final backslash.
 * The last of equal keys wins.
 *
 * @throws SyntaxError for a malformed `\u` escape, naming its line.
 */
export function parseJavaProperties(content: Uint8Array): Map<string, string> {
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1');
  const properties = new Map<string, string>();
  for (const { line, number } of logicalLines(text)) {
    const split = separator(line);
    properties.set(
      unescape(line.slice(0, split.keyEnd), number),
      unescape(line.slice(split.valueStart), number),
    );
  }
  return properties;
}

const leadingSpace = /^[ \t\f]+/;

/** Joins continued lines and drops comments and blank lines, in time linear in the text. */
function* logicalLines(text: string): Generator<{ line: string; number: number }> {
  const lines = text.split(/\r\n|[\n\r]/);
  for (let index = 0; index < lines.length; index++) {
    const number = index + 1;
    let piece = lines[index]!.replace(leadingSpace, '');
    if (piece === '' || piece.startsWith('#') || piece.startsWith('!')) continue;
    const pieces: string[] = [];
    while (endsContinued(piece)) {
      pieces.push(piece.slice(0, -1));
      index += 1;
      piece = (lines[index] ?? '').replace(leadingSpace, '');
    }
    pieces.push(piece);
    const line = pieces.join('');
    // Comments are recognised before joining, so a continued line may start with '#'; an empty one says nothing.
    if (line !== '') yield { line, number };
  }
}

/** A line goes on when it ends in an odd number of backslashes. */
function endsContinued(line: string): boolean {
  let count = 0;
  while (count < line.length && line[line.length - 1 - count] === '\\') count += 1;
  return count % 2 === 1;
}

function separator(line: string): { keyEnd: number; valueStart: number } {
  let index = 0;
  while (index < line.length && !/[=: \t\f]/.test(line[index]!)) index += line[index] === '\\' ? 2 : 1;
  const keyEnd = Math.min(index, line.length);
  const { length } = /^[ \t\f]*[=:]?[ \t\f]*/.exec(line.slice(keyEnd))![0];
  return { keyEnd, valueStart: keyEnd + length };
}

const short: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescape(text: string, line: number): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(u[0-9a-fA-F]{4}|u|[^]|$)/g, (_, escape: string) => {
    if (escape === 'u') throw new SyntaxError(`malformed \\u escape in line ${line}`);
    if (escape.length === 5) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return short[escape] ?? escape;
  });
}
