import { BackupError } from '../errors.js';
import type { DatabaseSession, RawValue } from './database-session.js';

/** What is called while a result arrives; both synchronously, with views of memory that is reused after a pause. */
export interface ResultReader {
  /** Once, before the first row: the number of columns. */
  readonly onColumns?: ((count: number) => void) | undefined;
  /** An error thrown here ends the flow with that error. */
  readonly onRow: (row: readonly RawValue[]) => void;
}

/** A result on its way: rows are pushed to the reader, with back-pressure by `pause`. */
export interface ResultFlow {
  /** Resolves only after the server has said that the result is complete. Observed by us, so never unhandled. */
  readonly ended: Promise<void>;
  /** The server is not read any more; rows already received are kept back. Its silence is no longer counted. */
  pause(): void;
  resume(): void;
  /** Stops the statement on the server too. Afterwards the session is usable if the server answered in time. */
  cancel(): Promise<void>;
}

/** One instant of the database, as the session sees it. */
export interface SnapshotFacts {
  /** Counts up with each renewal; two dumps with the same number are consistent with each other. */
  readonly number: number;
  /** UTC by the server's clock, `YYYY-MM-DD hh:mm:ss.ffffff`. */
  readonly takenAt: string;
}

/** What the dump needs beyond {@link DatabaseSession}. */
export interface DumpableSession extends DatabaseSession {
  readonly flavour: 'mysql' | 'mariadb';
  readonly snapshot: SnapshotFacts;
  /** False once the connection is lost or closed: open another session. */
  readonly usable: boolean;
  /** Leaves the snapshot and takes a new one, for a second try after a table was changed. */
  renewSnapshot(): Promise<void>;
  /** Begins to read a result. Nothing else may be asked of the session until it has ended. */
  readResult(sql: string, reader: ResultReader): ResultFlow;
}

/** The session as one that can be dumped. */
export function asDumpable(session: DatabaseSession): DumpableSession {
  if ('readResult' in session && 'renewSnapshot' in session) return session as DumpableSession;
  throw new BackupError('INTERNAL', 'this database session can answer questions but not be dumped', {
    stage: 'collect',
  });
}
