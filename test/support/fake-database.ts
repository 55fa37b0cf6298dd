import type { DatabaseSession, RawValue } from 'gateway-backup';

/** A row's values; strings stand for their UTF-8 bytes. */
export type FakeRow = readonly (string | Buffer | null)[];

/** Answers a statement with the rows of the first key that it contains; `undefined` as the key's value throws. */
export class FakeDatabase implements DatabaseSession {
  readonly serverVersion = 'fake';
  readonly databaseName = 'ssg';
  readonly statements: string[] = [];
  readonly #tables: Readonly<Record<string, readonly FakeRow[] | Error>>;

  constructor(tables: Readonly<Record<string, readonly FakeRow[] | Error>>) {
    this.#tables = tables;
  }

  async query(sql: string): Promise<readonly (readonly RawValue[])[]> {
    const rows: (readonly RawValue[])[] = [];
    for await (const row of this.rows(sql)) rows.push(row);
    return rows;
  }

  async *rows(sql: string): AsyncIterable<readonly RawValue[]> {
    this.statements.push(sql);
    const key = Object.keys(this.#tables).find((table) => sql.includes(table));
    const rows = key === undefined ? [] : this.#tables[key]!;
    if (rows instanceof Error) throw rows;
    for (const row of rows) {
      await Promise.resolve();
      yield row.map((value) => (typeof value === 'string' ? Buffer.from(value) : value));
    }
  }
}
