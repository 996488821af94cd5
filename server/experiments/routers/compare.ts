import { CompareDiff, CompareRuns, CompareSeries, CompareValues } from "../../../domain/experiments/compare/inputs.ts";
import { procedure, router } from "../../trpc/init.ts";
import { readHeads } from "../queries/compare/heads.ts";
import { readCompared } from "../queries/compare/series.ts";
import { readDiff, readKeys, readValues } from "../queries/compare/values.ts";

/** Up to a hundred runs side by side. */
export const compareRouter = router({
  runs: procedure("runs:read").input(CompareRuns).query(({ ctx, input }) => readHeads(ctx.db, ctx.grant, input.ids)),
  keys: procedure("runs:read").input(CompareRuns).query(({ ctx, input }) => readKeys(ctx.db, ctx.grant, input.ids)),
  series: procedure("runs:read").input(CompareSeries).query(({ ctx, input }) => readCompared(ctx.db, ctx.grant, input)),
  values: procedure("runs:read").input(CompareValues).query(({ ctx, input }) => readValues(ctx.db, ctx.grant, input)),
  diff: procedure("runs:read").input(CompareDiff).query(({ ctx, input }) => readDiff(ctx.db, ctx.grant, input)),
});
