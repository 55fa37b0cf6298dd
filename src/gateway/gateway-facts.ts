/**
 * The main database as node.properties names it. Never holds the password.
 *
 * @public
 */
export interface DatabaseFacts {
  /** Name or address of the server. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** Name of the database. */
  readonly name: string;
  /** The Gateway's account. */
  readonly user: string;
  /** Whether the first address that the host resolves to belongs to this machine. */
  readonly local: boolean;
  /** The address that the host resolved to, when it did. */
  readonly address?: string | undefined;
  /** A sentence that says why the database is, or is not, taken for local. */
  readonly localityExplanation: string;
}

/**
 * The machine as found. Plain data; the same facts give the same plan.
 *
 * @public
 */
export interface GatewayFacts {
  /** SECURESPAN, absolute. */
  readonly gatewayRoot: string;
  /** Prefix of every host path that is not below SECURESPAN, absolute. */
  readonly hostRoot: string;
  /** This node's name: `node.id` of node.properties if given, else the host's name. */
  readonly node: string;
  /** The Gateway's version, for example `9.4.00`; `undefined` when only the database can tell. */
  readonly version: string | undefined;
  /** SECURESPAN`/Appliance` exists. */
  readonly isAppliance: boolean;
  /** The list of operating-system files exists. */
  readonly hasOsManifest: boolean;
  /** The main database. */
  readonly database: DatabaseFacts;
  /** The Enterprise Service Manager. */
  readonly esm: {
    readonly installed: boolean;
    readonly running: boolean;
    readonly pid?: number | undefined;
  };
  /** What was noticed while looking, for the report. */
  readonly warnings: readonly string[];
}
