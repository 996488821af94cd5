/** `#rrggbb`, in small letters. */
export type Colour = `#${string}`;
type Channels = [red: number, green: number, blue: number];

const channels = (colour: Colour): Channels => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as Channels;
const hex = (of: Channels): Colour => `#${of.map((channel) => Math.round(channel).toString(16).padStart(2, "0")).join("")}`;

/** `#rgb` or `#rrggbb`, as it is kept; null for anything else, which no style is ever made of. */
export function readColour(text: string): Colour | null {
  const [, digits] = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text) ?? [];
  if (!digits) return null;
  return `#${(digits.length === 3 ? digits.replaceAll(/./g, "$&$&") : digits).toLowerCase()}`;
}

/** From a colour towards another. @param share 0: the first, 1: the other. */
export function mix(from: Colour, to: Colour, share: number): Colour {
  const other = channels(to);
  return hex(channels(from).map((channel, at) => channel + (other[at]! - channel) * share) as Channels);
}

/** Relative luminance, as WCAG 2 has it: 0 black, 1 white. */
export function luminance(colour: Colour): number {
  const [red, green, blue] = channels(colour).map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Channels;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** 1 to 21. */
export function contrast(one: Colour, other: Colour): number {
  const [dim, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (bright + 0.05) / (dim + 0.05);
}

/** The least contrast that a colour has on any of these grounds. */
const least = (colour: Colour, on: readonly Colour[]): number => Math.min(...on.map((ground) => contrast(colour, ground)));
const STEPS = 50;

/** The colour itself where it stands out enough from each of these grounds; else as near to it as does, towards black or white. */
export function standingOut(colour: Colour, on: readonly Colour[], ratio: number): Colour {
  if (least(colour, on) >= ratio) return colour;
  const end: Colour = least("#000000", on) > least("#ffffff", on) ? "#000000" : "#ffffff";
  for (let step = 1; step < STEPS; step += 1) {
    const tried = mix(colour, end, step / STEPS);
    if (least(tried, on) >= ratio) return tried;
  }
  return end;
}

/** Such as `3.2:1`: the least that a colour has on these grounds. */
export const contrastWords = (colour: Colour, on: readonly Colour[]): string => `${least(colour, on).toFixed(1)}:1`;
