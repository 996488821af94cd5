import type { RunStatus } from "../run-status.ts";
import type { Grid, PackedLine } from "./buckets.ts";
import type { DiffRow } from "./diff.ts";

/** A run of the comparison: enough to tell it from the others. */
export interface ComparedRun {
  id: string;
  name: string;
  status: RunStatus;
  project: { id: string; slug: string; name: string };
  experiment: { id: string; name: string };
  owner: string;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
}

export interface ComparedKeys {
  /** How many of the runs have each. Metrics and parameters by name; the parameters that differ first. */
  metrics: { key: string; runs: number }[];
  params: { key: string; runs: number; distinct: number }[];
  tags: { key: string; runs: number; distinct: number }[];
  /** Keys left out because there are more than a page can offer. */
  more: number;
}

/** One run's line, or one group's. */
export interface ComparedLine extends PackedLine {
  /** A run's id; a group's value. */
  id: string;
  /** Points that were NaN or infinite. */
  nonFinite: number;
}

/** Runs without such a parameter or tag stand together; where nothing parts them, all do. */
export const NOT_SET = "not set";
export const ALL_RUNS = "all runs";

/** A group's course: `last` is the mean, `low` and `high` its 95 % confidence; `median` and `n` go beside. */
export interface ComparedGroup extends ComparedLine {
  median: string;
  n: string;
  runs: number;
}

export interface ComparedSeries {
  /** null: none of the runs has the metric. x in steps, Unix ms, ms since each run's start, or the other metric's values. */
  grid: Grid | null;
  lines: ComparedLine[];
  groups: ComparedGroup[];
  /** Where lines are groups: all that the runs are in, whether or not they have this metric in this range, so that each keeps its colour. */
  order?: string[];
}

/** The same over all runs of a set, in groups. */
export interface GroupedSeries extends ComparedSeries {
  /** Runs that were looked at; `more`: there are others, older than these. */
  looked: number;
  more: boolean;
  /** Groups there are; `order`: those of them that are drawn, the largest first. */
  allGroups: number;
  order: string[];
}

/** By run, in the order asked for; by column within. */
export type ComparedValues = (number | string | null)[][];

export interface ComparedDiff {
  rows: DiffRow[];
  /** Rows that were left out because there are too many. */
  more: number;
}
