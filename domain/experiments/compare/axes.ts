/** Axes of parallel coordinates, scatter and contour: numbers or words, placed between 0 and 1. */

export type Cell = number | string | null;

export interface Axis {
  kind: "linear" | "log" | "words";
  /** Ends, for numbers. */
  low: number;
  high: number;
  /** In order, for words. */
  words: string[];
}

const collator = new Intl.Collator("en", { numeric: true });

/** Numbers where all that is given are numbers, on a logarithmic axis where they span three powers of ten and are positive. */
export function axisOf(cells: readonly Cell[]): Axis {
  const given = cells.filter((cell): cell is number | string => cell !== null);
  const numbers = given.filter((cell): cell is number => typeof cell === "number" && Number.isFinite(cell));
  if (given.length === 0 || numbers.length < given.filter((cell) => typeof cell !== "number").length || given.some((cell) => typeof cell === "string")) {
    return { kind: "words", low: 0, high: 0, words: [...new Set(given.map(String))].sort(collator.compare) };
  }
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  return { kind: low > 0 && high / low > 999 ? "log" : "linear", low, high, words: [] };
}

/** 0 at the low end, 1 at the high one; null where the axis has no place for it. */
export function placeOn(axis: Axis, cell: Cell): number | null {
  if (cell === null || (typeof cell === "number" && !Number.isFinite(cell))) return null;
  if (axis.kind === "words") {
    const at = axis.words.indexOf(String(cell));
    return at < 0 ? null : axis.words.length === 1 ? 0.5 : at / (axis.words.length - 1);
  }
  if (typeof cell !== "number") return null;
  if (axis.low === axis.high) return 0.5;
  const of = axis.kind === "log" ? Math.log : (value: number) => value;
  return (of(cell) - of(axis.low)) / (of(axis.high) - of(axis.low));
}

/** The value at a place of a numeric axis. */
export function valueAt(axis: Axis, place: number): number {
  if (axis.kind === "log") return axis.low * (axis.high / axis.low) ** place;
  return axis.low + (axis.high - axis.low) * place;
}

/** A parameter as written, as a number where it is one. */
export function cellOf(text: string | null | undefined): Cell {
  if (text === null || text === undefined) return null;
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) ? number : text;
}

/** Inside what was brushed on every axis? @param brushes By axis: [low, high] places, or null. */
export function isBrushed(places: readonly (number | null)[], brushes: readonly ([number, number] | null)[]): boolean {
  return brushes.every((brush, at) => !brush || (places[at] !== null && places[at] !== undefined && places[at] >= brush[0] && places[at] <= brush[1]));
}

/**
 * A surface through scattered points: each place of the grid is the mean of all points, weighed by 1/distance² (Shepard 1968).
 * It passes through the points and never leaves their range.
 * @param points Places from 0 to 1 with their value.
 */
export function surface(points: readonly { x: number; y: number; z: number }[], size: number): { values: number[]; low: number; high: number } {
  const values: number[] = [];
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) values.push(shepard(points, (column + 0.5) / size, (row + 0.5) / size));
  }
  return { values, low: Math.min(...points.map(({ z }) => z)), high: Math.max(...points.map(({ z }) => z)) };
}

function shepard(points: readonly { x: number; y: number; z: number }[], x: number, y: number): number {
  let sum = 0;
  let weights = 0;
  for (const point of points) {
    const squared = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (squared < 1e-12) return point.z;
    sum += point.z / squared;
    weights += 1 / squared;
  }
  return sum / weights;
}

/** What was chosen on an axis, by its values: it stays the same when runs are hidden and the axis ends elsewhere. */
export type Brush = { low: number; high: number } | { words: readonly string[] };

/** @param places What was dragged over, lower end first. */
export function brushOn(axis: Axis, [from, to]: readonly [number, number]): Brush {
  if (axis.kind !== "words") return { low: valueAt(axis, from), high: valueAt(axis, to) };
  return { words: axis.words.filter((word) => {
    const place = placeOn(axis, word)!;
    return place >= from && place <= to;
  }) };
}

/** Where a brush lies on the axis as it is now, maybe beyond its ends; null where it says nothing there, as words on numbers. */
export function placesOf(axis: Axis, brush: Brush): [number, number] | null {
  if ("words" in brush) {
    if (axis.kind !== "words") return null;
    const places = brush.words.flatMap((word) => placeOn(axis, word) ?? []);
    return places.length > 0 ? [Math.min(...places), Math.max(...places)] : [-1, -1];
  }
  if (axis.kind === "words") return null;
  if (axis.low === axis.high) return axis.low >= brush.low && axis.low <= brush.high ? [0, 1] : [-1, -1];
  const place = (value: number) => (axis.kind === "log" && value <= 0 ? Number.NEGATIVE_INFINITY : placeOn(axis, value)!);
  const dust = 1e-9; // a value at the very end passes, whatever the way to its place and back loses
  return [place(brush.low) - dust, place(brush.high) + dust];
}
