import { GroupLines, RunLines } from "../../../domain/experiments/compare/reduction.ts";
import type { Grid } from "../../../domain/experiments/compare/buckets.ts";
import type { ComparedGroup, ComparedLine } from "../../../domain/experiments/compare/view.ts";
import { addPoints, type Bucket, type Range, Reducer } from "../../../domain/experiments/reduce.ts";
import { type ChartRow, unpackForChart, unpackWhole } from "../metrics/rows.ts";

/** How a chart is reduced: all that a thread needs to know. */
interface Tasks {
  /** Lines of runs. */
  runs: { x: string; grid: Grid };
  /** Lines of groups of runs; groups by run id. */
  groups: { x: string; grid: Grid; groupOf: ReadonlyMap<string, string> };
  /** Metrics of one run, by key. */
  metrics: { byStep: boolean; range: Range; buckets: number };
}
/** And to what. */
export interface Answers {
  runs: { grid: Grid; lines: ComparedLine[]; groups: ComparedGroup[] };
  groups: { grid: Grid; lines: ComparedLine[]; groups: ComparedGroup[] };
  metrics: ReadonlyMap<string, Bucket[]>;
}
export type Kind = keyof Tasks;
export type TaskOf<K extends Kind> = { kind: K } & Tasks[K];
export type Task = { [K in Kind]: TaskOf<K> }[Kind];

/** Rows of one line, as they come from the database: unpacking them is most of the work. */
export interface Part {
  /** A run's id, or a metric's key. */
  id: string;
  began: number;
  points: ChartRow[];
  /** The metric on the x axis, where it is one. */
  across: ChartRow[] | null;
}

export interface Reduction {
  add: (part: Part) => void;
  finish: () => Answers[Kind];
}

/** The work itself, wherever it is done: in a thread of the pool, or here. */
export function reductionOf(task: Task): Reduction {
  if (task.kind === "metrics") return metricsOf(task);
  const lines = task.kind === "runs" ? new RunLines(task.x, task.grid) : new GroupLines(task.x, task.grid, task.groupOf);
  return {
    add: ({ id, began, points, across }) => lines.add({ id, began, points: points.map(unpackForChart), across: across && across.map(unpackWhole) }),
    finish: () => lines.finish(),
  };
}

function metricsOf({ byStep, range, buckets }: Tasks["metrics"]): Reduction {
  const reducers = new Map<string, Reducer>();
  return {
    add: ({ id, points }) => {
      const reducer = reducers.get(id) ?? new Reducer(range, buckets);
      reducers.set(id, reducer);
      for (const row of points) addPoints(reducer, unpackForChart(row), byStep ? "step" : "time");
    },
    finish: () => new Map([...reducers].map(([key, reducer]) => [key, reducer.buckets()])),
  };
}
