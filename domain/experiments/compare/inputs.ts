import { z } from "zod";
import { RunId } from "../../shared/ids.ts";
import { MAX_BUCKETS, MAX_COMPARED } from "./buckets.ts";

/** What the procedures of the comparison take. */
const MetricKey = z.string().min(1).max(250);
const Key = z.string().min(1).max(250);
const Ids = z.array(RunId).min(1).max(MAX_COMPARED);

export const CompareRuns = z.strictObject({ ids: Ids });
export type CompareRuns = z.output<typeof CompareRuns>;

/** `metric:<key>` puts another metric of the same step on the x axis. */
export const CompareX = z.union([z.enum(["step", "relative", "time"]), z.string().regex(/^metric:./s).max(257)]);

export const COMPARE_GROUPS = ["experiment", "project", "status", "owner"] as const;
/** `param:<key>` and `tag:<key>` group by their values. */
export const GroupBy = z.union([z.enum(COMPARE_GROUPS), z.string().regex(/^(?:param|tag):./s).max(254)]);

export const CompareSeries = z.strictObject({
  ids: Ids,
  key: MetricKey,
  x: CompareX.default("step"),
  from: z.number().optional(),
  to: z.number().optional(),
  buckets: z.int().min(1).max(MAX_BUCKETS).optional(),
  /** Lines are groups of runs then, each with its mean, median and confidence. */
  group: GroupBy.optional(),
});
export type CompareSeries = z.output<typeof CompareSeries>;

export const ValueColumn = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("metric"), key: MetricKey, of: z.enum(["last", "min", "max"]).default("last") }),
  z.strictObject({ kind: z.literal("param"), key: Key }),
  z.strictObject({ kind: z.literal("tag"), key: Key }),
]);
export type ValueColumn = z.output<typeof ValueColumn>;
export const CompareValues = z.strictObject({ ids: Ids, columns: z.array(ValueColumn).min(1).max(40) });
export type CompareValues = z.output<typeof CompareValues>;

export const DIFF_PARTS = ["params", "tags", "spec", "code", "environment"] as const;
export type DiffPart = (typeof DIFF_PARTS)[number];
export const CompareDiff = z.strictObject({ ids: Ids, part: z.enum(DIFF_PARTS), all: z.boolean().default(false) });
export type CompareDiff = z.output<typeof CompareDiff>;
