/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** What makes a page readable. Runs in the page, so it may use nothing from outside. */
export function measurePage(): {
  scripts: number;
  overflow: number;
  smallestTarget: number;
  contrasts: { text: string; contrast: number }[];
} {
  type Colour = [number, number, number];
  const parse = (text: string): Colour | undefined => {
    const parts = (/rgba?\(([^)]*)\)/.exec(text)?.[1] ?? '').split(/[ ,/]+/).map(Number);
    return parts.length < 3 || parts[3] === 0 ? undefined : [parts[0]!, parts[1]!, parts[2]!];
  };
  const luminance = (colour: Colour): number => {
    const [r, g, b] = colour.map((value) => {
      const share = value / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    }) as Colour;
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backgroundOf = (element: Element | null): Colour =>
    element === null
      ? [255, 255, 255]
      : (parse(getComputedStyle(element).backgroundColor) ?? backgroundOf(element.parentElement));
  const contrasts = [...document.querySelectorAll('h1, h2, p, b, label, button, .name, .address, .tag')].map(
    (element) => {
      const [light, dark] = [parse(getComputedStyle(element).color) ?? [0, 0, 0], backgroundOf(element)]
        .map((colour) => luminance(colour))
        .sort((a, b) => b - a) as [number, number];
      return { text: element.textContent.trim(), contrast: (light + 0.05) / (dark + 0.05) };
    },
  );
  const targets = [...document.querySelectorAll('button, input')].map(
    (element) => element.getBoundingClientRect().height,
  );
  return {
    scripts: document.scripts.length,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    smallestTarget: Math.min(...targets),
    contrasts,
  };
}
