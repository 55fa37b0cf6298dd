/** A cluster property as it stands in the template. */
export interface MappedProperty {
  readonly name: string;
  readonly value: string;
}

/** The printed template. */
export interface PrintedMapping {
  readonly xml: string;
  /** Characters that XML cannot hold, each replaced by U+FFFD. */
  readonly replacedCharacters: number;
}

/** Prints a mapping template. Both groups are always there; the order is the caller's. */
export function printMapping(
  ipAddresses: readonly string[],
  properties: readonly MappedProperty[],
): PrintedMapping {
  let replacedCharacters = 0;
  const attribute = (name: string, value: string) => {
    const escaped = escapeXml(value);
    replacedCharacters += escaped.replaced;
    return ` ${name}="${escaped.text}"`;
  };
  const target = ` targetvalue="__add_your_value__"`;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    comment,
    '<L7migrate:ssgimportmapping xmlns:L7migrate="http://www.layer7tech.com/migration/stagingmapping">',
    '  <L7migrate:backendipmapping>',
    ...ipAddresses.map((address) => `    <L7migrate:ipmap${attribute('sourcevalue', address)}${target}/>`),
    '  </L7migrate:backendipmapping>',
    '  <L7migrate:globalvarmapping>',
    ...properties.map(
      ({ name, value }) =>
        `    <L7migrate:varmap${attribute('name', name)}${attribute('sourcevalue', value)}${target}/>`,
    ),
    '  </L7migrate:globalvarmapping>',
    '</L7migrate:ssgimportmapping>',
    '',
  ];
  return { xml: lines.join('\n'), replacedCharacters };
}

/**
 * Text for the inside of an attribute: every XML reader gives back exactly what went in, line ends and tabs included,
 * but for characters that XML cannot hold.
 */
export function escapeXml(value: string): { text: string; replaced: number } {
  let replaced = 0;
  const legal = value.replace(illegalCharacters, () => {
    replaced++;
    return '\ufffd';
  });
  return { text: legal.replace(specialCharacters, (character) => references[character]!), replaced };
}

const comment = `<!--
  Mapping template for moving a Gateway to another environment.

  Replace each targetvalue that reads __add_your_value__ by the value of the new environment, or delete the
  line where the value is to stay as it is. Do not change name or sourcevalue: they say what is replaced.
-->`;

// With the u flag a pair of surrogates is one character; only half a pair matches \p{Surrogate}.
const illegalCharacters = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu;
// Also what a reader of attributes would turn into a space.
const specialCharacters = /[<>&"'\t\n\r]/g;
const references: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};
