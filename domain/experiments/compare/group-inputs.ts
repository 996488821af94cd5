import { z } from "zod";
import { RunId } from "../../shared/ids.ts";
import { TableSet } from "../table-inputs.ts";
import { MAX_GROUPED } from "./buckets.ts";
import { CompareSeries } from "./inputs.ts";

/** A chart of all runs of a set, in groups: those that the table of runs shows, or those that were chosen there. */
export const CompareGroups = CompareSeries.omit({ ids: true }).extend({
  of: z.union([z.strictObject({ ids: z.array(RunId).min(1).max(MAX_GROUPED) }), TableSet]),
});
export type CompareGroups = z.output<typeof CompareGroups>;
export type RunsOf = z.input<typeof CompareGroups>["of"];
