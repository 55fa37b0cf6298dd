/**
 * One column's bytes exactly as the server sent them; `null` is SQL NULL.
 *
 * @public
 */
export type RawValue = Buffer | null;

/**
 * The slice of a database that collectors and the mapping template need: one connection inside one consistent,
 * read-only snapshot.
 *
 * @public
 */
export interface DatabaseSession {
  /** As the server says it in its greeting, for example `10.11.6-MariaDB`. */
  readonly serverVersion: string;
  /** Name of the main database. */
  readonly databaseName: string;
  /** A small result as a whole. */
  query(sql: string): Promise<readonly (readonly RawValue[])[]>;
  /**
   * A large result, row by row, with back-pressure to the server. Ends only after the server has said that the result
   * is complete; a lost connection throws.
   */
  rows(sql: string): AsyncIterable<readonly RawValue[]>;
}

/**
 * A {@link DatabaseSession} together with its end. Close it with `await using`, or by calling `close`.
 *
 * @public
 */
export interface OpenDatabaseSession extends DatabaseSession, AsyncDisposable {
  /** False once the connection is lost or closed: open another session. */
  readonly usable: boolean;
  /** Ends the session, in good order if it can be done within 1.5 s. Never throws; may be called again. */
  close(): Promise<void>;
}
