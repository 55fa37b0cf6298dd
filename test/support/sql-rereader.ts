import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { createConnection } from 'mysql2/promise';

/**
 * Reads a dump as the product's restore does, and knows nothing of how it was written: one statement a line; a backslash
 * that does not stand before one of `n r ' " \` is doubled; every `0x,` becomes `x'',`, also in strings; in the main
 * dump, lines that begin `INSERT INTO audit` are skipped.
 */
export function restoreStatements(dump: Buffer): readonly string[] {
  return dumpLines(dump)
    .filter((line) => !line.startsWith('INSERT INTO audit'))
    .map((line) => restored(line.slice(0, -1)));
}

/** The lines of a dump; fails on whatever breaks the framing that a restore relies on. */
export function dumpLines(dump: Buffer): readonly string[] {
  assert.ok(isUtf8(dump), 'a dump is UTF-8');
  const text = dump.toString('utf8');
  assert.ok(text.endsWith(';\n'), 'the last line ends with ; and a line feed');
  const lines = text.slice(0, -1).split('\n');
  assert.equal(lines[0], 'SET FOREIGN_KEY_CHECKS = 0;');
  assert.equal(lines.at(-1), 'SET FOREIGN_KEY_CHECKS = 1;');
  for (const line of lines) checkLine(line);
  return lines;
}

/** Runs statements one by one on one connection, as a restore over JDBC does. */
export async function runStatements(
  statements: readonly string[],
  target: { readonly socketPath: string; readonly database: string },
): Promise<void> {
  const connection = await createConnection({ ...target, user: 'root', charset: 'UTF8MB4_GENERAL_CI' });
  try {
    for (const statement of statements) {
      await connection.query(statement).catch((cause: unknown) => {
        throw new Error(`a statement failed: ${statement.slice(0, 300)}`, { cause });
      });
    }
  } finally {
    connection.destroy();
  }
}

function restored(statement: string): string {
  return statement
    .replace(/\\([^])/g, (pair, next: string) => ('nr\'"\\'.includes(next) ? pair : `\\\\${next}`))
    .replaceAll('0x,', "x'',");
}

/** Every statement is one line that ends with a semicolon; its strings use the five escapes and nothing else. */
function checkLine(line: string): void {
  const shown = line.slice(0, 200);
  assert.notEqual(line, '', 'no blank lines');
  assert.ok(line.endsWith(';'), `a line is a whole statement: ${shown}`);
  assert.ok(!/[\r\0\u001a]/u.test(line), `no control characters: ${shown}`);
  assert.ok(!/^(?:--|#|\/\*|DELIMITER)/i.test(line), `no comments: ${shown}`);
  assert.ok(!line.includes('0x,'), `nothing that a restore takes for an empty binary: ${shown}`);
  let at = 0;
  while (at < line.length) {
    const sign = line[at]!;
    if (sign === "'") at = endOfString(line, at + 1);
    else if (sign === '`') {
      at = line.indexOf('`', at + 1) + 1;
      assert.ok(at > 0, `a name ends: ${shown}`);
    } else {
      assert.notEqual(sign, '\\', `no backslash outside strings: ${shown}`);
      assert.ok(sign !== '"' && sign !== '#', `nothing odd outside strings: ${shown}`);
      at += 1;
    }
  }
}

function endOfString(line: string, from: number): number {
  for (let at = from; at < line.length; at += 1) {
    const sign = line[at]!;
    if (sign === "'") return at + 1;
    assert.notEqual(sign, '"', `a double quote is escaped: ${line.slice(0, 200)}`);
    if (sign !== '\\') continue;
    at += 1;
    assert.ok('nr\'"\\'.includes(line[at] ?? 'x'), `an escape that a restore knows: \\${line[at]}`);
  }
  assert.fail(`a string ends: ${line.slice(0, 200)}`);
}
