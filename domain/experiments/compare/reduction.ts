import type { Outline } from "../outline.ts";
import { addPoints, type Bucket, type Points, Reducer } from "../reduce.ts";
import { type BucketValue, fitLines, type Grid, packNumbers } from "./buckets.ts";
import { GroupCourse } from "./grouping.ts";
import type { ComparedGroup, ComparedLine } from "./view.ts";

/** One run's points of the chart's metric; and, where another metric is the x axis, that one's. */
export interface RunPoints {
  id: string;
  /** When the run began, Unix ms: where relative time begins. */
  began: number;
  /** As outlines nowhere but where the x axis is the points' own. */
  points: readonly (Points | Outline)[];
  across: readonly Points[] | null;
}

interface Found {
  buckets: BucketValue[];
  /** Points that were NaN or infinite. */
  nonFinite: number;
}

/** One run's course over the chart's buckets; null where it has no point in them. */
function reduceRun({ began, points, across }: RunPoints, x: string, grid: Grid): Found | null {
  const reducer = new Reducer(grid, grid.count, grid.whole);
  if (across) addAcross(reducer, points as readonly Points[], valuesByStep(across));
  else for (const batch of points) addPoints(reducer, batch, x === "step" ? "step" : "time", x === "relative" ? began : 0);
  const buckets = reducer.buckets();
  return buckets.length === 0 ? null : foundIn(buckets);
}

const foundIn = (buckets: readonly Bucket[]): Found => ({
  buckets: buckets.flatMap(({ bucket, last, min, max, count }) => (count === 0 ? [] : [{ bucket, last: last!, min: min!, max: max! }])),
  nonFinite: buckets.reduce((sum, { total, count }) => sum + total - count, 0),
});

function addAcross(reducer: Reducer, batches: readonly Points[], bySteps: ReadonlyMap<number, number>): void {
  for (const { steps, times, values } of batches) reducer.add(Float64Array.from(steps as ArrayLike<number>, (step) => bySteps.get(Number(step)) ?? Number.NaN), times, values);
}

/** The metric on the x axis by step: of several points of a step the last finite one. */
function valuesByStep(batches: readonly Points[]): Map<number, number> {
  const found = new Map<number, { time: number; value: number }>();
  for (const { steps, times, values } of batches) {
    for (let at = 0; at < values.length; at += 1) {
      const [step, time, value] = [Number(steps[at]), Number(times[at]), values[at]!];
      const before = found.get(step);
      if (Number.isFinite(value) && (!before || time >= before.time)) found.set(step, { time, value });
    }
  }
  return new Map([...found].map(([step, { value }]) => [step, value]));
}

/** A line per run, all over the same buckets: least, greatest and last of each kept, and as many buckets as fit into the answer. */
export class RunLines {
  readonly #found: (Found & { id: string })[] = [];
  readonly #x: string;
  readonly #grid: Grid;

  constructor(x: string, grid: Grid) {
    this.#x = x;
    this.#grid = grid;
  }

  add(run: RunPoints): void {
    const found = reduceRun(run, this.#x, this.#grid);
    if (found) this.#found.push({ id: run.id, ...found });
  }

  finish(): { grid: Grid; lines: ComparedLine[]; groups: ComparedGroup[] } {
    const { grid, lines } = fitLines(this.#grid, this.#found.map(({ buckets }) => buckets));
    return { grid, groups: [], lines: lines.map((line, at) => ({ ...line, id: this.#found[at]!.id, nonFinite: this.#found[at]!.nonFinite })) };
  }
}

/** A line per group of runs: mean, median and confidence over all of them. Of a run nothing is kept but its value in each bucket. */
export class GroupLines {
  readonly #groups = new Map<string, { course: GroupCourse; nonFinite: number }>();
  readonly #groupOf: ReadonlyMap<string, string>;
  readonly #x: string;
  readonly #grid: Grid;

  /** @param groupOf The group of each run, by the run's id. */
  constructor(x: string, grid: Grid, groupOf: ReadonlyMap<string, string>) {
    this.#x = x;
    this.#grid = grid;
    this.#groupOf = groupOf;
  }

  add(run: RunPoints): void {
    const value = this.#groupOf.get(run.id);
    const found = value === undefined ? null : reduceRun(run, this.#x, this.#grid);
    if (value === undefined || !found) return;
    const group = this.#groups.get(value) ?? { course: new GroupCourse(this.#grid.count), nonFinite: 0 };
    group.course.add(found.buckets);
    group.nonFinite += found.nonFinite;
    this.#groups.set(value, group);
  }

  finish(): { grid: Grid; lines: ComparedLine[]; groups: ComparedGroup[] } {
    const made = [...this.#groups].map(([id, { course, nonFinite }]) => ({ id, nonFinite, runs: course.runs, buckets: course.buckets() })).filter(({ buckets }) => buckets.length > 0);
    made.sort((a, b) => (a.id < b.id ? -1 : 1));
    const { lines } = fitLines(this.#grid, made.map(({ buckets }) => buckets.map(({ bucket, mean, low, high }) => ({ bucket, last: mean, min: low, max: high }))), Number.POSITIVE_INFINITY);
    const groups = made.map(({ id, nonFinite, runs, buckets }, at): ComparedGroup => ({
      ...lines[at]!, id, runs, nonFinite, median: packNumbers(buckets.map(({ median }) => median), 6), n: packNumbers(buckets.map(({ n }) => n), 17),
    }));
    return { grid: this.#grid, lines: [], groups };
  }
}
