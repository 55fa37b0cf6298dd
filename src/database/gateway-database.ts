import type { AbortableOptions } from '../support/abort.js';

/**
 * What a statement is given in place of its `?`.
 *
 * @public
 */
export type StatementValue = string | number | bigint | Uint8Array | null;

/**
 * One statement, with its values.
 *
 * @public
 */
export interface GatewayStatement {
  /** Its text, with a `?` for each value. */
  readonly sql: string;
  /** In the order of the `?`. */
  readonly values: readonly StatementValue[];
}

/**
 * The Gateway's own database as a service uses it: small parameterised questions, each seeing the present state, and
 * one transaction now and then.
 *
 * @public
 */
export interface GatewayDatabase {
  /** A small result. Every value is text; ask for binary columns as `HEX(column)`. */
  query(
    sql: string,
    values?: readonly StatementValue[],
    options?: AbortableOptions,
  ): Promise<readonly (readonly (string | null)[])[]>;
  /** Runs the statements in one transaction: all of them, or none. */
  transaction(statements: readonly GatewayStatement[], options?: AbortableOptions): Promise<void>;
}
