import { z } from "zod";
import { ProjectId, ReportCommentId, ReportId, SavedViewId, Slug } from "../shared/ids.ts";
import { MAX_VIEW_STATE, VIEW_PAGES, VIEW_SHARING } from "./saved-view.ts";

const Name = z.string().trim().min(1).max(120);

export const ListViews = z.strictObject({ page: z.enum(VIEW_PAGES), project: Slug.optional() });
export type ListViews = z.output<typeof ListViews>;
export const SaveView = z.strictObject({
  page: z.enum(VIEW_PAGES),
  name: Name,
  state: z.string().max(MAX_VIEW_STATE),
  sharing: z.enum(VIEW_SHARING).default("private"),
  /** Required for a view that is shared. */
  projectId: ProjectId.optional(),
});
export type SaveView = z.output<typeof SaveView>;
export const UpdateView = z.strictObject({ id: SavedViewId, name: Name.optional(), state: z.string().max(MAX_VIEW_STATE).optional() });
export type UpdateView = z.output<typeof UpdateView>;
export const OneView = z.strictObject({ id: SavedViewId });

export const MAX_REPORT = 200_000;
const Body = z.string().max(MAX_REPORT, `A report has at most ${MAX_REPORT} characters.`);
export const ListReports = z.strictObject({ project: Slug.optional(), text: z.string().trim().max(200).optional(), archived: z.boolean().default(false), cursor: ReportId.optional(), limit: z.int().min(1).max(200).default(50) });
export type ListReports = z.output<typeof ListReports>;
export const OneReport = z.strictObject({ id: ReportId, version: z.int().min(1).optional() });
export type OneReport = z.output<typeof OneReport>;
export const CreateReport = z.strictObject({ projectId: ProjectId, title: Name, body: Body.default("") });
export type CreateReport = z.output<typeof CreateReport>;
export const UpdateReport = z.strictObject({
  id: ReportId,
  title: Name,
  body: Body,
  /** The version that was edited: somebody else's newer one is not written over. */
  from: z.int().min(1),
});
export type UpdateReport = z.output<typeof UpdateReport>;
export const ArchiveReport = z.strictObject({ id: ReportId, archived: z.boolean() });
export type ArchiveReport = z.output<typeof ArchiveReport>;
export const ReportPages = z.strictObject({ id: ReportId, cursor: z.string().max(64).optional(), limit: z.int().min(1).max(200).default(50) });
export type ReportPages = z.output<typeof ReportPages>;
export const CommentReport = z.strictObject({ id: ReportId, body: z.string().trim().min(1).max(10_000) });
export type CommentReport = z.output<typeof CommentReport>;
export const OneComment = z.strictObject({ id: ReportCommentId });
