import type { DatabaseSession } from '../database/database-session.js';
import type { AbortableOptions } from '../support/abort.js';

/**
 * A policy that could not be read, so that its addresses may be missing from the template.
 *
 * @public
 */
export interface MappingFault {
  /** The table that holds it. */
  readonly table: 'published_service' | 'policy' | 'policy_version';
  /** The row's id: lower-case hex, or a number in old schemas. */
  readonly id: string;
  /** The policy's or service's name; empty if it has none. */
  readonly name: string;
  /** What is wrong with it, for people. */
  readonly message: string;
}

/**
 * A mapping template, and what went into it.
 *
 * @public
 */
export interface MappingTemplate {
  /** The whole text of the file, for UTF-8. */
  readonly xml: string;
  /** Distinct and sorted. */
  readonly ipAddresses: readonly string[];
  /** The cluster properties that are not hidden, sorted by name. */
  readonly properties: readonly { readonly name: string; readonly value: string }[];
  /** Policies that could not be read; the template is incomplete if there are any. */
  readonly faults: readonly MappingFault[];
  /** Characters that XML cannot hold and that U+FFFD stands for. */
  readonly replacedCharacters: number;
}

/**
 * Makes the template that an administrator edits before moving a Gateway: the addresses that policies route to, and the
 * cluster properties. It reads through the session it is given, so the template and a dump made in the same session
 * agree.
 *
 * @example
 * ```ts
 * declare const database: DatabaseSession;
 * const { xml, faults } = await new MappingTemplateGenerator(database).generate();
 * ```
 *
 * @public
 */
export class MappingTemplateGenerator {
  readonly #database: DatabaseSession;

  constructor(database: DatabaseSession) {
    this.#database = database;
  }

  /** Throws `MAPPING_TEMPLATE_FAILED` if the database cannot be read; a broken policy is a fault of the template. */
  async generate(options: AbortableOptions = {}): Promise<MappingTemplate> {
    // Loaded when it is needed, so that importing this package stays cheap.
    const { generateTemplate } = await import('./generate-template.js');
    return generateTemplate(this.#database, options);
  }
}
