/** From a value to its place in the drawing, px. */
export type To = (value: number) => number;

export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How a chart places values. */
export interface Scales {
  x: To;
  y: To;
  /** From a place to the value there. */
  xAt: To;
  area: Area;
}

export interface Axes {
  domain: readonly [number, number];
  yDomain: readonly [number, number];
  logX: boolean;
  logY: boolean;
}

/** A domain of one value lies in the middle. Logarithmic ones are positive. */
function scaleOf([low, high]: readonly [number, number], from: number, to: number, log: boolean): { to: To; back: To } {
  const [into, out] = log ? [Math.log, Math.exp] : [(value: number) => value, (value: number) => value];
  const [a, b] = [into(low), into(high)];
  if (!(b > a)) return { to: () => (from + to) / 2, back: () => low };
  const scale = (to - from) / (b - a);
  return { to: (value) => from + (into(value) - a) * scale, back: (place) => out(a + (place - from) / scale) };
}

export function scalesOf({ domain, yDomain, logX, logY }: Axes, area: Area): Scales {
  const x = scaleOf(domain, area.x, area.x + area.width, logX);
  const y = scaleOf(yDomain, area.y + area.height, area.y, logY);
  return { x: x.to, y: y.to, xAt: x.back, area };
}
