import { createLoader, createParser, parseAsArrayOf, parseAsBoolean, parseAsFloat, parseAsInteger, parseAsString, parseAsStringLiteral } from "nuqs/server";
import { MAX_COMPARED } from "../../../domain/experiments/compare/buckets.ts";
import { packPanels, type Panel, parsePanels } from "../../../domain/experiments/compare/workspace.ts";
import { SMOOTHINGS } from "../../../domain/experiments/compare/smoothing.ts";
import type { DiffPart } from "../../../domain/experiments/compare/inputs.ts"; // the type only: its schemas would bring zod to the page
import { isId } from "../../../domain/shared/id-format.ts";

export const COMPARE_TABS = ["charts", "parallel", "scatter", "contour", "importance", "table", "diff", "media"] as const;
export type CompareTab = (typeof COMPARE_TABS)[number];

const parseAsPanels = createParser<Panel[]>({
  parse: (text) => {
    try {
      return parsePanels(JSON.parse(text));
    } catch {
      return null;
    }
  },
  serialize: (panels) => JSON.stringify(packPanels(panels)),
  eq: (a, b) => JSON.stringify(a) === JSON.stringify(b),
});

/** The URL of a comparison: a link shows a colleague the same runs in the same charts. */
export const compareParams = {
  runs: parseAsArrayOf(parseAsString).withDefault([]),
  show: parseAsStringLiteral(COMPARE_TABS).withDefault("charts"),
  /** step, relative, time, or metric:<key>. */
  x: parseAsString.withDefault("step"),
  from: parseAsFloat,
  to: parseAsFloat,
  logx: parseAsBoolean.withDefault(false),
  logy: parseAsBoolean.withDefault(false),
  how: parseAsStringLiteral(SMOOTHINGS).withDefault("ema"),
  /** Percent, 0 to 99. */
  smooth: parseAsInteger.withDefault(0),
  band: parseAsBoolean.withDefault(true),
  clip: parseAsBoolean.withDefault(false),
  /** experiment, project, status, owner, param:<key>, tag:<key>. */
  group: parseAsString.withDefault(""),
  /** A group's line: its mean or its median. */
  mid: parseAsStringLiteral(["mean", "median"] as const).withDefault("mean"),
  /** Run that the others are measured against. */
  base: parseAsString,
  /** `lower:loss`: which way a metric gets better, where its name does not say or says it wrongly. */
  better: parseAsArrayOf(parseAsString).withDefault([]),
  hide: parseAsArrayOf(parseAsString).withDefault([]),
  /** Which metrics the charts show when no panels were chosen. */
  q: parseAsString.withDefault(""),
  panels: parseAsPanels,
  /** Columns of parallel coordinates; x, y and colour of scatter and contour; the metric of importance. */
  axes: parseAsArrayOf(parseAsString).withDefault([]),
  part: parseAsStringLiteral(["params", "tags", "spec", "code", "environment"] as const satisfies DiffPart[]).withDefault("params"),
  all: parseAsBoolean.withDefault(false),
  /** Metrics and files that are looked at side by side. */
  file: parseAsString,
  /** A saved view that this began as. */
  view: parseAsString,
};
export const loadCompareParams = createLoader(compareParams);

export type CompareState = Awaited<ReturnType<typeof loadCompareParams>>;

/** Ids in the order given, each once, at most as many as one page compares. */
export const comparedIds = (runs: readonly string[]): string[] => [...new Set(runs.filter((id) => isId("run", id)))].slice(0, MAX_COMPARED);
