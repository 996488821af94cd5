import { ArchiveRuns, GroupTable, NewerRuns, SearchTable, TableKeys, TableRows, TableSet, TagRuns } from "../../../domain/experiments/table-inputs.ts";
import { procedure, router } from "../../trpc/init.ts";
import { archiveRuns, tagRuns } from "../commands/annotate.ts";
import { groupTable } from "../queries/table/groups.ts";
import { countNewer, countTable, readTableKeys, readTableRows, searchTable } from "../queries/table/search.ts";
import { readerOf } from "../queries/table/within.ts";

/** The table of runs: any column, any order, the whole grammar. */
export const tableRouter = router({
  search: procedure("runs:read").input(SearchTable).query(({ ctx, input }) => searchTable(ctx.db, ctx.grant, readerOf(ctx), input)),
  rows: procedure("runs:read").input(TableRows).query(({ ctx, input }) => readTableRows(ctx.db, ctx.grant, input)),
  count: procedure("runs:read").input(TableSet).query(({ ctx, input }) => countTable(ctx.db, ctx.grant, readerOf(ctx), input)),
  newer: procedure("runs:read").input(NewerRuns).query(({ ctx, input }) => countNewer(ctx.db, ctx.grant, readerOf(ctx), input)),
  keys: procedure("runs:read").input(TableKeys).query(({ ctx, input }) => readTableKeys(ctx.db, ctx.grant, input)),
  groups: procedure("runs:read").input(GroupTable).query(({ ctx, input }) => groupTable(ctx.db, ctx.grant, readerOf(ctx), input)),
  tag: procedure("runs:annotate").input(TagRuns).mutation(({ ctx, input }) => tagRuns(ctx, input)),
  archive: procedure("runs:annotate").input(ArchiveRuns).mutation(({ ctx, input }) => archiveRuns(ctx, input)),
});
