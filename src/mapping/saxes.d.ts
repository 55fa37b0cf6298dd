/**
 * The slice of saxes that is used here. Its own declarations do not compile under this compiler's strict rules without
 * `skipLibCheck`; `paths` in tsconfig.json puts these in their place.
 */
export interface SaxesAttribute {
  readonly local: string;
  readonly uri: string;
  readonly value: string;
}

export interface SaxesTag {
  readonly local: string;
  readonly uri: string;
  readonly attributes: Readonly<Record<string, SaxesAttribute>>;
}

export declare class SaxesParser {
  constructor(options: { readonly xmlns: true; readonly position: false });
  on(event: 'opentag' | 'closetag', handler: (tag: SaxesTag) => void): void;
  on(event: 'doctype', handler: (doctype: string) => void): void;
  on(event: 'error', handler: (error: Error) => void): void;
  write(chunk: string): this;
  close(): this;
}
