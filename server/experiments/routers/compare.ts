import { CompareDiff, CompareRuns, CompareSeries, CompareValues } from "../../../domain/experiments/compare/inputs.ts";
import { CompareGroups } from "../../../domain/experiments/compare/group-inputs.ts";
import { procedure, router } from "../../trpc/init.ts";
import { readGrouped } from "../queries/compare/grouped.ts";
import { readHeads } from "../queries/compare/heads.ts";
import { readCompared } from "../queries/compare/series.ts";
import { readerOf } from "../queries/table/within.ts";
import { readDiff, readKeys, readValues } from "../queries/compare/values.ts";

/** Up to a hundred runs side by side, and any number of them in groups. */
export const compareRouter = router({
  runs: procedure("runs:read").input(CompareRuns).query(({ ctx, input }) => readHeads(ctx.db, ctx.grant, input.ids)),
  keys: procedure("runs:read").input(CompareRuns).query(({ ctx, input }) => readKeys(ctx.db, ctx.grant, input.ids)),
  series: procedure("runs:read").input(CompareSeries).query(({ ctx, input }) => readCompared(ctx.db, ctx.grant, input)),
  groups: procedure("runs:read").input(CompareGroups).query(({ ctx, input }) => readGrouped(ctx.db, ctx.grant, readerOf(ctx), input)),
  values: procedure("runs:read").input(CompareValues).query(({ ctx, input }) => readValues(ctx.db, ctx.grant, input)),
  diff: procedure("runs:read").input(CompareDiff).query(({ ctx, input }) => readDiff(ctx.db, ctx.grant, input)),
});
