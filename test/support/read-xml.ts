import { XMLParser, XMLValidator } from 'fast-xml-parser';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
  isArray: (name) => name.endsWith('map'),
});

interface Parsed {
  readonly 'L7migrate:ssgimportmapping': {
    readonly 'L7migrate:backendipmapping': string | { readonly 'L7migrate:ipmap': Record<string, string>[] };
    readonly 'L7migrate:globalvarmapping': string | { readonly 'L7migrate:varmap': Record<string, string>[] };
  };
}

/** What an independent parser finds in a mapping template. */
export interface ReadMapping {
  /** Names of the elements below the root. */
  readonly groups: readonly string[];
  readonly ipmaps: readonly Record<string, string>[];
  readonly varmaps: readonly Record<string, string>[];
}

/** Reads a mapping template with another parser than ours; throws if it is not well-formed. */
export function readMapping(xml: string): ReadMapping {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- its successor is the same code in a package of its own.
  const validity = XMLValidator.validate(xml);
  if (validity !== true) throw new Error(validity.err.msg);
  const root = (parser.parse(xml) as Parsed)['L7migrate:ssgimportmapping'];
  const ips = root['L7migrate:backendipmapping'];
  const variables = root['L7migrate:globalvarmapping'];
  return {
    groups: Object.keys(root).filter((key) => key.startsWith('L7migrate:')),
    ipmaps: typeof ips === 'string' ? [] : ips['L7migrate:ipmap'],
    varmaps: typeof variables === 'string' ? [] : variables['L7migrate:varmap'],
  };
}
