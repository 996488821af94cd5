import { ArchiveReport, CommentReport, CreateReport, ListReports, ListViews, OneComment, OneReport, OneView, ReportPages, SaveView, UpdateReport, UpdateView } from "../../../domain/experiments/report-inputs.ts";
import { procedure, router } from "../../trpc/init.ts";
import { archiveReport, commentReport, createReport, deleteComment, updateReport } from "../commands/reports.ts";
import { deleteView, saveView, updateView } from "../commands/views.ts";
import { getReport, listComments, listReports, listVersions } from "../queries/reports.ts";
import { getView, listViews } from "../queries/views.ts";

/** Pages of words with live charts in them. */
export const reportsRouter = router({
  list: procedure("reports:read").input(ListReports).query(({ ctx, input }) => listReports(ctx.db, ctx.grant, input)),
  get: procedure("reports:read").input(OneReport).query(({ ctx, input }) => getReport(ctx, input)),
  versions: procedure("reports:read").input(ReportPages).query(({ ctx, input }) => listVersions(ctx.db, ctx.grant, input)),
  comments: procedure("reports:read").input(ReportPages).query(({ ctx, input }) => listComments(ctx.db, ctx.grant, ctx.actor.id, input)),
  create: procedure("reports:write").input(CreateReport).mutation(({ ctx, input }) => createReport(ctx, input)),
  update: procedure("reports:write").input(UpdateReport).mutation(({ ctx, input }) => updateReport(ctx, input)),
  archive: procedure("reports:write").input(ArchiveReport).mutation(({ ctx, input }) => archiveReport(ctx, input)),
  comment: procedure("reports:write").input(CommentReport).mutation(({ ctx, input }) => commentReport(ctx, input)),
  deleteComment: procedure("reports:write").input(OneComment).mutation(({ ctx, input }) => deleteComment(ctx, input.id)),
});

/** What a page shows, under a name. */
export const viewsRouter = router({
  list: procedure("runs:read").input(ListViews).query(({ ctx, input }) => listViews(ctx, input)),
  get: procedure("runs:read").input(OneView).query(({ ctx, input }) => getView(ctx, input.id)),
  save: procedure("runs:read").input(SaveView).mutation(({ ctx, input }) => saveView(ctx, input)),
  update: procedure("runs:read").input(UpdateView).mutation(({ ctx, input }) => updateView(ctx, input)),
  delete: procedure("runs:read").input(OneView).mutation(({ ctx, input }) => deleteView(ctx, input.id)),
});
