/** What a chart draws, decided before anything is drawn: colours, gaps, order, summary. Pure. */

/** `day`: moments that stand for whole days in UTC, whatever the reader's zone. */
export type XKind = "step" | "time" | "relative" | "day";

export interface ChartPoint {
  /** Step, Unix ms, or seconds since the run began. */
  x: number;
  min: number;
  max: number;
  last: number;
}

export interface ChartSeries {
  key: string;
  label?: string;
  points: readonly ChartPoint[];
  /** 1 to 6, where a page keeps one colour per thing over all its charts. */
  slot?: number;
}

export interface PreparedSeries {
  key: string;
  label: string;
  /** 1 to 6; null draws it as one of the others. */
  slot: number | null;
  /** Names of its value and its [min, max] in the rows. */
  valueKey: string;
  bandKey: string;
  hasBand: boolean;
  points: readonly ChartPoint[];
  /** x of points with a gap on both sides: a line would not show them. */
  isolated: ReadonlySet<number>;
  last: number;
  /** Distance of x beyond which two neighbouring points are not joined. */
  gap: number;
}

export type ChartRow = { x: number } & Record<string, number | [number, number] | null>;

export interface ChartModel {
  rows: ChartRow[];
  /** Sorted by last value, largest first: the order of legend and tooltip. */
  series: PreparedSeries[];
  others: number;
  extent: [number, number] | null;
  /** Lowest and highest value drawn; null when there is none. */
  values: [number, number] | null;
}

export const MAX_COLOURS = 6;
/** A pause this many times longer than usual is a gap, on axes that are time. */
const GAP_FACTOR = 4;

/**
 * @param series As the server reduced them: points in order of x, nothing between two points when nothing was measured.
 * @param xKind Steps have no gaps: how often one logs is one's own choice. Time has.
 */
export function prepareSeries(series: readonly ChartSeries[], xKind: XKind): ChartModel {
  const drawn = series.filter((one) => one.points.length > 0);
  const slots = assignSlots(drawn);
  const prepared = drawn.map((one, at) => prepareOne(one, at, slots.get(one.key) ?? null, xKind));
  const xs = [...new Set(prepared.flatMap((one) => [...one.points.map((point) => point.x), ...breaksOf(one)]))].sort((a, b) => a - b);
  const rows: ChartRow[] = xs.map((x) => ({ x }));
  for (const one of prepared) fillRows(rows, one);
  return {
    rows,
    series: prepared.toSorted((a, b) => b.last - a.last),
    others: prepared.filter((one) => one.slot === null).length,
    extent: xs.length > 0 ? [xs[0]!, xs.at(-1)!] : null,
    values: prepared.length > 0 ? valueExtent(prepared) : null,
  };
}

function prepareOne(one: ChartSeries, at: number, slot: number | null, xKind: XKind): PreparedSeries {
  const gap = gapAfter(one.points, xKind);
  const { points } = one;
  const isAlone = (i: number) => (i === 0 || points[i]!.x - points[i - 1]!.x > gap) && (i === points.length - 1 || points[i + 1]!.x - points[i]!.x > gap);
  return {
    key: one.key,
    label: one.label ?? one.key,
    slot,
    valueKey: `v${at}`,
    bandKey: `b${at}`,
    hasBand: points.some((point) => point.max > point.min),
    points,
    isolated: new Set(points.flatMap((point, i) => (isAlone(i) ? [point.x] : []))),
    last: points.at(-1)!.last,
    gap,
  };
}

/** A series that asks for a colour keeps it; the rest take the free ones in the order given, never by value: colour is identity. */
function assignSlots(series: readonly ChartSeries[]): Map<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const one of series) {
    if (one.slot === undefined || one.slot < 1 || one.slot > MAX_COLOURS || taken.has(one.slot)) continue;
    slots.set(one.key, one.slot);
    taken.add(one.slot);
  }
  for (const one of series) {
    if (slots.has(one.key)) continue;
    const free = [1, 2, 3, 4, 5, 6].find((slot) => !taken.has(slot));
    if (free === undefined) break;
    slots.set(one.key, free);
    taken.add(free);
  }
  return slots;
}

/** A place inside each gap, so that there is a row in which the line is not. */
function breaksOf(one: PreparedSeries): number[] {
  return one.points.flatMap((point, i) => {
    const next = one.points[i + 1];
    return next && next.x - point.x > one.gap ? [(point.x + next.x) / 2] : [];
  });
}

function gapAfter(points: readonly ChartPoint[], xKind: XKind): number {
  if (xKind === "step" || points.length < 3) return Number.POSITIVE_INFINITY;
  const steps = points.slice(1).map((point, i) => point.x - points[i]!.x).sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)]! * GAP_FACTOR;
}

/**
 * Values of one series in the rows of all. Where another series has a point and this one is under way, its line is drawn straight
 * through (so differing clocks do not tear it); in a gap and outside its range it stays empty.
 */
function fillRows(rows: ChartRow[], one: PreparedSeries): void {
  let at = 0;
  for (const row of rows) {
    while (at < one.points.length - 1 && one.points[at + 1]!.x <= row.x) at += 1;
    const before = one.points[at]!;
    if (before.x === row.x) {
      row[one.valueKey] = before.last;
      row[one.bandKey] = [before.min, before.max];
      continue;
    }
    const after = one.points[at + 1];
    if (before.x > row.x || !after || after.x - before.x > one.gap) {
      row[one.valueKey] = null;
      row[one.bandKey] = null;
      continue;
    }
    const share = (row.x - before.x) / (after.x - before.x);
    const between = (name: "min" | "max" | "last") => before[name] + (after[name] - before[name]) * share;
    row[one.valueKey] = between("last");
    row[one.bandKey] = [between("min"), between("max")];
  }
}

function valueExtent(series: readonly PreparedSeries[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const one of series) {
    for (const point of one.points) {
      if (point.min < low) low = point.min;
      if (point.max > high) high = point.max;
    }
  }
  return [low, high];
}

export interface ValueAt {
  key: string;
  label: string;
  slot: number | null;
  point: ChartPoint;
}

/**
 * What each series measured nearest to `x`, largest first: the tooltip shows measured points, never drawn-through ones.
 * A series that has none within its own gap distance, or within `reach` (x units), is left out.
 */
export function valuesAt(model: ChartModel, x: number, reach: number): ValueAt[] {
  return model.series
    .flatMap(({ key, label, slot, points, gap }) => {
      const point = nearest(points, x);
      return point && Math.abs(point.x - x) <= Math.min(gap, reach) ? [{ key, label, slot, point }] : [];
    })
    .sort((a, b) => b.point.last - a.point.last);
}

function nearest(points: readonly ChartPoint[], x: number): ChartPoint | undefined {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (points[mid]!.x < x) low = mid + 1;
    else high = mid;
  }
  const [right, left] = [points[low], points[low - 1]];
  return right && left && x - left.x < right.x - x ? left : right;
}

/** Index of the value nearest to `x`, for cursors that follow another chart's. −1 for none. */
export function nearestIndex(sorted: readonly number[], x: number): number {
  let best = -1;
  for (let i = 0; i < sorted.length; i += 1) {
    if (best < 0 || Math.abs(sorted[i]! - x) < Math.abs(sorted[best]! - x)) best = i;
  }
  return best;
}

