import { z } from "zod";
import { ID_PREFIXES, type IdKind, idPattern, SLUG_MAX, SLUG_PATTERN } from "./id-format.ts";

/** zod schema of one kind of id. Refuses ids of another kind by name. */
export function idSchema(kind: IdKind) {
  const prefix = ID_PREFIXES[kind];
  return z.string().regex(new RegExp(idPattern(kind)), `Expected a ${kind} id such as ${prefix}_0190….`);
}

export const RunId = idSchema("run");
export const AttemptId = idSchema("attempt");
export const ClusterId = idSchema("cluster");
export const NodeId = idSchema("node");
export const ProjectId = idSchema("project");
export const TeamId = idSchema("team");
export const ExperimentId = idSchema("experiment");
export const QuotaId = idSchema("quota");
export const EmbedReportId = idSchema("embedReport");
export const EmbedClientId = idSchema("embedClient");
export const BudgetId = idSchema("budget");
export const UsageReviewId = idSchema("usageReview");
export const CostScheduleId = idSchema("costSchedule");
export const ArtifactId = idSchema("artifact");
export const SavedViewId = idSchema("savedView");
export const ReportId = idSchema("report");
export const ReportCommentId = idSchema("reportComment");
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "Expected a SHA-256 in lower-case hex.");

/** Names that appear in URLs: organizations, projects, clusters. */
export const Slug = z
  .string()
  .min(1)
  .max(SLUG_MAX)
  .regex(SLUG_PATTERN, "Use lower-case letters, digits and inner hyphens.");
